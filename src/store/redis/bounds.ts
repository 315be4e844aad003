/** What is asked of a Redis at most, and so all that it may answer. */
import { RECORD_MAX_BYTES } from '../../protocol/limits.ts';

/** Names looked at in one refresh. Also how many of them Redis measures, so that not one large name hides. Arbitrary. */
export const NAMES_MAX = 20_000;
/** Bytes of Redis' memory that the names may take; ours is of the same order. A single name may be all of it. Arbitrary. */
export const NAMES_MAX_BYTES = 4 * 1024 * 1024;
/** Bytes fetched of a slot: one more than a record can have tells that it is too large. */
export const SLOT_MAX_BYTES = RECORD_MAX_BYTES + 1;

/** Values in one reply: the names, and the two lists around them. */
export const VALUES_MAX = NAMES_MAX + 2;
/** Levels of lists in one reply: HELLO has maps in a list in a map, and their arguments. */
export const LEVELS_MAX = 4;
/** Bytes of a line, which is a number, an error or a status. Arbitrary. */
export const LINE_MAX_BYTES = 4096;
/** Bytes that a value costs us beside its own; counted, so that 4 of `*0` are no cheap way to our memory. Estimated. */
export const VALUE_COST_BYTES = 64;
/** Bytes that one call may cost: the slots of MEMBERS_MAX members, all names and the newcomers are 17 MB. */
export const CALL_MAX_BYTES = 24 * 1024 * 1024;
/** Bytes that a Sentinel may cost in all. Arbitrary: it says who it is, and one address. */
export const SENTINEL_MAX_BYTES = 64 * 1024;
/** Bytes that a Redis may cost at which we knock without a password. Arbitrary: it says who it is, and PONG. */
export const KNOCK_MAX_BYTES = 64 * 1024;
