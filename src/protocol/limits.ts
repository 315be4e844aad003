/**
 * Every bound of the protocol, in one place, with its unit. Where a number was chosen arbitrarily it says so.
 * A verifier and a signer must agree on the bounds of records: raising one is a change of the protocol.
 */

// Records (docs/protocol/records.md)

/** Bytes of one record. Arbitrary: a node record has about 1 KB, a heartbeat in a cluster of 256 about 12 KB. */
export const RECORD_MAX_BYTES = 16 * 1024;
/** Levels of nesting in a record, the record itself being the first. Arbitrary. */
export const RECORD_MAX_DEPTH = 8;
/** Seconds a node record is good for. From the seeds. */
export const NODE_RECORD_MAX_AGE_SECONDS = 300;
/** Seconds a heartbeat is good for. From the seeds. */
export const HEARTBEAT_MAX_AGE_SECONDS = 30;
/** Seconds after which a node signs its node record anew; well inside the 300. */
export const NODE_RECORD_RENEW_SECONDS = 120;
/** Seconds a record may be ahead of the verifier's clock, and the largest value an operator may set. */
export const CLOCK_TOLERANCE_SECONDS = 5;
export const CLOCK_TOLERANCE_MAX_SECONDS = 30;
/** Members of one cluster: what a heartbeat's `seen` must hold within RECORD_MAX_BYTES. */
export const MEMBERS_MAX = 256;
/** Unknown slots looked at in one refresh, so that junk in the backend cannot buy our time. Arbitrary. */
export const NEWCOMERS_PER_REFRESH = 64;
/** Characters of a node id: 256 of them, with their incarnations, fit into one heartbeat's `seen`. */
export const NODE_ID_MAX_LENGTH = 40;
/** A node id is the last part of a backend key and a file name: it can hold no separator and not start with a dot. */
export const NODE_ID = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${NODE_ID_MAX_LENGTH - 1}}$`);
/** Cluster secrets that a heartbeat says it accepts. Arbitrary: a rotation needs two. */
export const ACCEPTED_KEYS_MAX = 16;
/** The end of the year 9999: RFC 3339 writes no later time, and a Date that cannot hold a time throws. */
export const TIME_MAX_SECONDS = 253_402_300_799;

// The roster (docs/protocol/roster.md)

/** Bytes of one step. Arbitrary: a secret sealed for 256 members has about 45 KB. */
export const ROSTER_STEP_MAX_BYTES = 256 * 1024;
/** Tickets that are open and have not run out, at a time: each is a way in. Arbitrary. */
export const OPEN_TICKETS_MAX = 64;
/** Tickets that a roster remembers, with those that admit nobody any more. Arbitrary. */
export const TICKETS_KNOWN_MAX = 256;

// Join tickets (docs/protocol/join.md)

/** Characters of a ticket. Arbitrary: with one server it has about 500, and sixteen of them fit with long names. */
export const TICKET_MAX_LENGTH = 8 * 1024;
/** Servers that a ticket names. Arbitrary: one that is up is enough. */
export const TICKET_SERVERS_MAX = 16;
/** Seconds in which a ticket admits: at least, unless said otherwise, and at most. All but the second arbitrary. */
export const TICKET_LIFE_MIN_SECONDS = 60;
export const TICKET_LIFE_SECONDS = 24 * 3600;
export const TICKET_LIFE_MAX_SECONDS = 30 * 24 * 3600;

// Packages (docs/packages.md)

/** A name of a file and nothing else: no folder, no leading dot or dash, nothing that a shell or a header reads. */
export const PACKAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,123}\.pkg$/;
/** Characters of the note on record. Arbitrary. */
export const PACKAGE_NOTE_MAX_LENGTH = 256;
/** A name or an address in its form, brackets and port left out. */
export const REDIS_HOST = /^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}$/;
/** Servers that an agent is told of. Arbitrary: one that is up is enough. */
export const AGENT_SERVERS_MAX = 16;
/** Seconds between two reports, at most. Arbitrary. */
export const AGENT_INTERVAL_MAX_SECONDS = 3600;

// Secrets

/** Bytes of a cluster secret, encryption key and database key, decoded, at least. */
export const SECRET_MIN_BYTES = 32;
/** Bytes of the keys that are used as they are (AES-256, SQLCipher), decoded, exactly. */
export const KEY_BYTES = 32;

// Reports (docs/protocol/reports.md)

/** Bytes of a report on the wire. */
export const REPORT_MAX_BYTES = 256 * 1024;
/** Days after the time it claims that a report is stored, and its nonce kept; an older one is answered and not stored. */
export const REPORT_MAX_AGE_DAYS = 7;
/** Seconds a report may be ahead of the server's clock before its time is replaced by the time it came. Arbitrary. */
export const REPORT_CLOCK_TOLERANCE_SECONDS = 300;
/** Characters of any one text in a report, and characters kept of a text about a disk. Arbitrary. */
export const REPORT_TEXT_MAX_LENGTH = 512;
export const DISK_TEXT_MAX_LENGTH = 128;
/** Disks kept of a report; what comes behind them is dropped. Arbitrary. */
export const REPORT_DISKS_MAX = 32;
/**
 * Machines of one fleet. One agent with the shared key can make ids up; beyond this number it makes no more. Four
 * times the fleets that Atlas Fleet is made for.
 */
export const MACHINES_MAX = 20_000;
