"""How long a printer is waited for, in seconds, before something follows of its silence or of its trouble."""

ASK_EVERY_S = 1.0
"""How often a printer is asked how it is."""

QUIET_AFTER_S = 60.0
QUIET_EVERY_S = 8.0
"""How often one is asked that has long been idle; before a card it is asked in any case. Twenty printers asked every
second cost 3.4 % of a core."""

LOST_AFTER_S = 30.0
"""A card at a printer that has not answered for this long is shown to an officer; the device may still tell later."""

CUT_AFTER_S = 120.0
"""The same while the document is on its way: a slow device may answer nothing else until it has it."""

WITHDRAW_AFTER_S = 5.0
"""A card that waits in a stopped printer this long is taken back, if the device can say that it was not begun."""

RETRY_STORAGE_S = 1.0
"""How soon the disk is tried again that did not take a write."""

FIRST_REST_S = 0.5
LONGEST_REST_S = 30.0
"""How long a printer is left alone that gave a job back; doubled from the first to the longest while that goes on."""

LOOK_AGAIN_S = 1.0
"""How soon a printer that left a card to a faster one looks again whether that took it."""
