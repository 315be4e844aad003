/** The database refuses a value it was given, not the work as such: the same row will fail again, others will not. */
export class RowRefused extends Error {
  override readonly name = 'RowRefused';
}
