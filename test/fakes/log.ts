/** A log that keeps what was said, for a test to read. */
import type { Fields, Log } from '../../src/base/log.ts';

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly sentence: string;
  readonly fields: Fields;
}

export class FakeLog implements Log {
  readonly lines: Line[] = [];

  debug(event: string, sentence: string, fields: Fields = {}): void {
    this.lines.push({ level: 'debug', event, sentence, fields });
  }

  info(event: string, sentence: string, fields: Fields = {}): void {
    this.lines.push({ level: 'info', event, sentence, fields });
  }

  warn(event: string, sentence: string, fields: Fields = {}): void {
    this.lines.push({ level: 'warn', event, sentence, fields });
  }

  error(event: string, sentence: string, fields: Fields = {}): void {
    this.lines.push({ level: 'error', event, sentence, fields });
  }

  events(): string[] {
    return this.lines.map(({ event }) => event);
  }
}
