/** Whose turn it is among the strangers in a registry, so that junk cannot keep one of them out for ever. */
export class StrangerTurns {
  #next = 0;

  take(strangers: readonly string[], limit: number): string[] {
    if (strangers.length <= limit) return [...strangers];
    const start = this.#next % strangers.length;
    this.#next = start + limit;
    return [...strangers.slice(start), ...strangers.slice(0, start)].slice(0, limit);
  }
}
