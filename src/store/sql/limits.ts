/**
 * Every bound of the SQL stores, with its unit. None of them changes what is stored, so any may be tuned.
 */

/** Bytes of the db_encryption_key, at least. */
export const DATABASE_KEY_MIN_BYTES = 32;

/** Milliseconds a transaction waits for another process to finish its own before it gives up. */
export const LOCK_WAIT_MS = 5_000;
/** Milliseconds SQLite may hold the event loop in one wait for that lock. Arbitrary: a heartbeat is not late for it. */
export const LOCK_TRY_MS = 20;
/** Statements that a connection to SQLite keeps prepared: those of a batch, for each size it can have, and some. */
export const STATEMENTS_KEPT = 256;
/** Times a transaction is tried that the database undoes for another's sake. Arbitrary. */
export const TRANSACTION_TRIES = 10;

/** Connections of one server to PostgreSQL that only reports use: a batch, a probe, and what is forgotten meanwhile. */
export const INTAKE_CONNECTIONS = 3;
/** Those for all else: people and guesses can fill these, and no report waits for it. Arbitrary. */
export const COMMON_CONNECTIONS = 7;
/** Milliseconds until a new connection serves, or one that others use is free. */
export const CONNECT_LIMIT_MS = 4_000;
/** Milliseconds after which PostgreSQL gives up a statement, or the wait for a lock. */
export const STATEMENT_LIMIT_MS = 4_000;
export const LOCK_LIMIT_MS = 3_000;
/** Milliseconds after which we give up on PostgreSQL: more than its own limits, so that a healthy one answers first. */
export const ANSWER_LIMIT_MS = 5_000;
/** Milliseconds a transaction may stand idle: the locks of a server that vanished must not outlive it for long. */
export const IDLE_TRANSACTION_LIMIT_MS = 10_000;
/** Milliseconds of silence before the kernel asks whether the other side is still there. Arbitrary. */
export const KEEP_ALIVE_MS = 10_000;
/** Milliseconds that closing waits for PostgreSQL to say goodbye. Arbitrary. */
export const GOODBYE_LIMIT_MS = 1_000;
/** Milliseconds to wait while another server migrates, and between two looks. Arbitrary. */
export const MIGRATION_WAIT_MS = 60_000;
export const MIGRATION_LOOK_MS = 100;

/**
 * Bytes of a page of a new file. A report changes a page of its machine's figures, and all of that page is encrypted
 * and authenticated for it: half of SQLite's own size costs a third less, and 1,024 no less again.
 */
export const PAGE_BYTES = 2_048;
/**
 * Pages of the write-ahead log before they are brought into the file: a page that changed often meanwhile is brought
 * once. More would hold the event loop too long, where each of thousands of machines has a page of its own.
 */
export const CHECKPOINT_PAGES = 4_000;
/** Bytes the write-ahead log is cut back to after a burst. Arbitrary. */
export const WAL_KEPT_BYTES = 16 * 1024 * 1024;

/** Reports in one transaction: about 10 ms of the event loop. bench and docs/performance.md have the figures. */
export const BATCH_MAX_REPORTS = 64;
/** Bytes of text in one transaction, so that 64 reports of the largest size do not hold the event loop. Arbitrary. */
export const BATCH_MAX_BYTES = 512 * 1024;
/** Reports that may wait for a commit: well under a second of work, so no sender waits until it gives up. */
export const QUEUE_MAX_REPORTS = 2_048;
/** Bytes of text that may wait for a commit. Arbitrary. */
export const QUEUE_MAX_BYTES = 32 * 1024 * 1024;
/** Seconds after which a sender that was turned away may ask again. Arbitrary. */
export const QUEUE_RETRY_SECONDS = 2;
/** Seconds after which to ask again when the database failed. Arbitrary. */
export const STORE_RETRY_SECONDS = 10;

/** Rows forgotten in one transaction, so that the reports between them do not wait. Arbitrary. */
export const FORGET_MAX_ROWS = 1_000;
/** Names of machines read and opened before the event loop turns. Arbitrary. */
export const DIRECTORY_PORTION = 500;
