/**
 * What crosses the HTTP door, as schemas: the routes validate with them, OpenAPI is made from them, and the
 * console takes its types from them. Names and units are fixed once published; fields are only added.
 * Times are RFC 3339 UTC, except in series, where they are Unix milliseconds. Here are the values that
 * several of them hold.
 */
import { z } from 'zod';

export const time = z.iso.datetime();
/** Unix ms, as the API writes it. */
export const asTime = (ms: number): string => new Date(ms).toISOString();
/**
 * What somebody calls a thing. Without control characters, line separators and halves of a character, which no store,
 * log line or page shows as they are.
 */
export const named = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'has characters that cannot be shown');

/** What a person typed: of another form than ours it is the id of nothing, and is answered so. */
export const wantedId = z.string();

/** In hex. */
export const sha256 = z.string();
