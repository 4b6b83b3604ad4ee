"""Rows to records and back, in the order in which the queries name the columns."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from stationd.domain.job import Attempt, Evidence, Job, JobKind, JobState
from stationd.domain.order import Document, Holder, TemplateDocument
from stationd.ports.seal import Seal

TEMPLATE_MEDIA_TYPE: Final = "application/vnd.stationd.template"


def job_of(row: Sequence[Any]) -> Job:
    """The job of a row with the sixteen columns of ``job`` in their order."""
    return Job(
        seq=row[0],
        id=row[1],
        receipt=row[2],
        order=row[3],
        kind=JobKind(row[4]),
        profile=row[5],
        state=JobState(row[6]),
        reasons=tuple(row[7].split()),
        rank=row[8],
        tries=row[9],
        attempts=row[10],
        printer=row[11],
        evidence=Evidence(row[12]) if row[12] is not None else None,
        not_before=row[13],
        created_at=row[14],
        updated_at=row[15],
    )


def attempt_of(row: Sequence[Any], job_id: str) -> Attempt:
    """The attempt of a row that begins id, number, printer, remote_id, incarnation, counter, opened_at, sent_at."""
    return Attempt(
        id=row[0],
        job=job_id,
        number=row[1],
        printer=row[2],
        remote_id=row[3],
        incarnation=row[4],
        counter=row[5],
        opened_at=row[6],
        sent_at=row[7],
    )


class _Holder(msgspec.Struct, array_like=True):
    nik: str
    name: str
    address: str | None
    phone: str | None
    police_report: str | None


class _Template(msgspec.Struct, array_like=True):
    template: str
    fields: dict[str, str]
    photo: bytes | None


_encode = msgspec.msgpack.Encoder().encode
_decode_template = msgspec.msgpack.Decoder(_Template).decode
_decode_holder = msgspec.msgpack.Decoder(_Holder).decode


def sealed_holder(seal: Seal, holder: Holder, police_report: str | None, job_id: str) -> bytes:
    """The holder as stored: sealed to the row of this job."""
    return sealed_holder_at(seal, holder, police_report, f"holder:sealed:{job_id}")


def sealed_holder_at(seal: Seal, holder: Holder, police_report: str | None, place: str) -> bytes:
    """The holder sealed to a place of another table."""
    plain = _encode(_Holder(holder.nik, holder.name, holder.address, holder.phone, police_report))
    return seal.seal(plain, place=place)


def opened_holder(seal: Seal, sealed: bytes, place: str) -> Holder:
    """The holder of a stored row, without the region. Raises ``Faulted`` (``seal-broken``) when altered or moved."""
    found = _decode_holder(seal.open(sealed, place=place))
    return Holder(nik=found.nik, name=found.name, address=found.address, phone=found.phone)


def sealed_document(seal: Seal, document: Document | TemplateDocument, job_id: str) -> tuple[str, bytes]:
    """Media type and sealed bytes of a document as stored."""
    if isinstance(document, Document):
        media_type, plain = document.media_type, document.data
    else:
        media_type = TEMPLATE_MEDIA_TYPE
        plain = _encode(_Template(document.template, dict(document.fields), document.photo))
    return media_type, seal.seal(plain, place=f"document:sealed:{job_id}")


def opened_document(seal: Seal, media_type: str, sealed: bytes, job_id: str) -> Document | TemplateDocument:
    """The document of a stored row. Raises ``Faulted`` (``seal-broken``) when it was altered or moved."""
    plain = seal.open(sealed, place=f"document:sealed:{job_id}")
    if media_type != TEMPLATE_MEDIA_TYPE:
        return Document(media_type, plain)
    template = _decode_template(plain)
    return TemplateDocument(template=template.template, fields=template.fields, photo=template.photo)
