-- What happened to a device or a printer is found by its subject, however long the record is.

CREATE INDEX event_of_device ON event (subject, seq) WHERE substr(type, 1, 7) IN ('device.', 'printer');
