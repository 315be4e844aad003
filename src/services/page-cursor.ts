/** Where the next page of a list begins: opaque to the outside, so that what we page by may change. */
import { AtlasError } from '../base/errors.ts';

const NUMBER = /^[1-9][0-9]{0,14}$/;

export function writeCursor(place: string | number): string {
  return Buffer.from(`${place}`).toString('base64url');
}

/** `form`: of every place in the list. Throws bad_cursor. */
export function readCursor(cursor: string, form: RegExp): string {
  const place = Buffer.from(cursor, 'base64url').toString('utf8');
  if (form.test(place) && writeCursor(place) === cursor) return place;
  throw new AtlasError('bad_cursor', 'This cursor is not one that a list returned.');
}

/** In a list whose places are numbered. Throws bad_cursor. */
export function readNumberCursor(cursor: string): number {
  return Number(readCursor(cursor, NUMBER));
}
