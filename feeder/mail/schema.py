"""The tables of the mail database, as SQLAlchemy sees them; migrations/ holds how they came to be.

Instants are integers: microseconds since the epoch, UTC. Texts that may be absent are empty, never NULL.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

metadata = MetaData()

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", Text, nullable=False),  # as the person wrote it
    Column("key", Text, nullable=False, unique=True),  # the address in the one form it is compared in
    Column("provider", Text, nullable=False),  # "gmail", "qq", or the domain
    Column("name", Text, nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # numbers stand in tokens for ever: none is given twice
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber", Integer, nullable=False),
    Column("list", Text, nullable=False),
    Column("state", Text, nullable=False),  # pending, active, paused, ended
    Column("frequency", Text, nullable=False),
    Column("hour", Integer),  # NULL: the list's
    Column("timezone", Text, nullable=False, server_default=""),  # empty: the list's
    Column("tags", Text, nullable=False, server_default=""),  # JSON list of tag slugs, sorted; empty: all
    Column("language", Text, nullable=False, server_default=""),  # empty: the list's
    Column("created_at", BigInteger, nullable=False),
    Column("state_at", BigInteger, nullable=False),  # when it came into its state
    Column("scheduled_at", BigInteger, nullable=False),  # due instants up to here are not this subscription's
    Column("confirmed_at", BigInteger),
    Column("consent", Text, nullable=False, server_default=""),  # JSON: what was said, where, how it is known
    Column("origin", Text, nullable=False, server_default=""),  # where it came from: "web", "import listmonk.csv"
    UniqueConstraint("subscriber", "list"),
    sqlite_autoincrement=True,
)
# Cutting finds the cells of a list (one schedule, tags, language) in it without reading a row.
Index(
    "subscription_of_list",
    subscription.c.list,
    subscription.c.state,
    subscription.c.frequency,
    subscription.c.hour,
    subscription.c.timezone,
    subscription.c.tags,
    subscription.c.language,
    subscription.c.scheduled_at,
)

served = Table(
    "served",
    metadata,
    Column("transport", Text, primary_key=True),
    Column("subscription", Integer, primary_key=True),
    Column("through", BigInteger, nullable=False),  # the instant up to which it has been served
    sqlite_with_rowid=False,
)

digest = Table(
    "digest",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list", Text, nullable=False),
    Column("until", BigInteger, nullable=False),  # T
    Column("entries_hash", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("frequency", Text, nullable=False),  # of most of those it was cut for; "" when sent on request
    Column("state", Text, nullable=False),  # ready, paused, cancelled
    Column("send_at", BigInteger, nullable=False),  # not before; later than made_at while a proof is looked at
    Column("made_at", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),  # of the snapshot that the unsent rest gets
    Column("page", Text, nullable=False, server_default=""),  # its public page's path in out/; empty: none
    Column("note_subject", Text, nullable=False, server_default=""),
    Column("preface", Text, nullable=False, server_default=""),  # safe HTML
    UniqueConstraint("list", "until", "entries_hash", "language"),
    sqlite_autoincrement=True,
)

digest_entry = Table(
    "digest_entry",
    metadata,
    Column("digest", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("entry", Text, nullable=False),  # the entry's id
    Column("kind", Text, nullable=False),  # "entry", "correction", or "withdrawn" since it was cut
    sqlite_with_rowid=False,
)
Index("digest_entry_of", digest_entry.c.entry)

snapshot = Table(
    "snapshot",
    metadata,
    Column("digest", Integer, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),  # the message's Date
    sqlite_with_rowid=False,
)

delivery = Table(
    "delivery",
    metadata,
    Column("digest", Integer, primary_key=True),
    Column("transport", Text, primary_key=True),
    Column("subscriber", Integer, primary_key=True),
    Column("subscription", Integer, nullable=False),
    Column("provider", Text, nullable=False),
    Column("state", Text, nullable=False),  # queued, sending, sent, deferred, failed, held, skipped
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("uncertain", Integer, nullable=False, server_default="0"),  # how often a crash hid the outcome
    Column("revision", Integer, nullable=False, server_default="0"),  # snapshot it was last sent from
    Column("message_id", Text, nullable=False, server_default=""),
    Column("reply", Text, nullable=False, server_default=""),
    Column("due_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
# Sending reads ahead in it provider by provider, and counts what is left, without reading a row.
Index(
    "delivery_open",
    delivery.c.transport,
    delivery.c.digest,
    delivery.c.provider,
    delivery.c.due_at,
    delivery.c.subscriber,
    delivery.c.state,
    sqlite_where=delivery.c.state.in_(["queued", "deferred", "sending", "held"]),
    postgresql_where=delivery.c.state.in_(["queued", "deferred", "sending", "held"]),
)
Index("delivery_to", delivery.c.subscriber)

notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # confirm, welcome, preferences, proof, alarm …
    Column("address", Text, nullable=False),
    Column("list", Text, nullable=False, server_default=""),
    Column("data", LargeBinary, nullable=False),  # the whole message, signed when it leaves
    Column("message_id", Text, nullable=False),
    Column("state", Text, nullable=False),  # as a delivery's
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("uncertain", Integer, nullable=False, server_default="0"),
    Column("reply", Text, nullable=False, server_default=""),
    Column("due_at", BigInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
Index("notice_open", notice.c.state, notice.c.due_at)
Index("notice_to", notice.c.address, notice.c.kind, notice.c.made_at)

suppression = Table(
    "suppression",
    metadata,
    Column("hash", Text, primary_key=True),  # of the address's key, with a secret of this database
    Column("reason", Text, nullable=False),  # bounce, complaint, erasure
    Column("since", BigInteger, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

bounce = Table(
    "bounce",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # hard, soft, policy, complaint
    Column("status", Text, nullable=False, server_default=""),  # RFC 3463, or the reply code
    Column("detail", Text, nullable=False, server_default=""),
    Column("digest", Integer, nullable=False, server_default="0"),
    Column("at", BigInteger, nullable=False),
)
Index("bounce_of", bounce.c.subscriber, bounce.c.at)

pause = Table(
    "pause",
    metadata,
    Column("transport", Text, primary_key=True),
    Column("provider", Text, primary_key=True),  # "*": the whole transport
    Column("until", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("times", Integer, nullable=False, server_default="0"),  # in a row, for the back-off
    sqlite_with_rowid=False,
)

volume = Table(
    "volume",
    metadata,
    Column("transport", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),  # YYYY-MM-DD, UTC
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("deferred", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)

asking = Table(
    "asking",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("network", Text, nullable=False),  # hash of the network it came from, with a secret of this database
    Column("domain", Text, nullable=False),  # likewise of the address's provider
    Column("at", BigInteger, nullable=False),
)
Index("asking_network", asking.c.network, asking.c.at)
Index("asking_domain", asking.c.domain, asking.c.at)
Index("asking_at", asking.c.at)

note = Table(
    "note",
    metadata,
    Column("list", Text, primary_key=True),
    Column("hash", Text, nullable=False),  # of notes/LIST.md as it was last used
    Column("used_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

seen_mail = Table(
    "seen_mail",
    metadata,
    Column("hash", Text, primary_key=True),  # of an incoming message that was dealt with
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
