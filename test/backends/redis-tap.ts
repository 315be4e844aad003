/** MONITOR on a real Redis: every command that any client gave it since, with all that was written, as text. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '../scenario/eventually.ts';
import type { RedisServer } from './redis.ts';

export interface TappedCommand {
  readonly name: string;
  readonly args: readonly string[];
}

const LINE = /^\+\d+\.\d+ \[[^\]]*\] (.*)$/;

export class RedisTap {
  readonly #redis: RedisServer;
  readonly #socket: Socket;
  #said = '';

  private constructor(redis: RedisServer, socket: Socket) {
    this.#redis = redis;
    this.#socket = socket;
    socket.on('data', (text: Buffer) => {
      this.#said += text.toString('latin1');
    });
  }

  /** Of a Redis without a password. */
  static async on(redis: RedisServer): Promise<RedisTap> {
    const socket = connect(redis.port, '127.0.0.1').on('error', () => {}); // of a Redis that was killed
    socket.write('MONITOR\r\n');
    await once(socket, 'data');
    return new RedisTap(redis, socket);
  }

  /** Everything until now. */
  async text(): Promise<string> {
    const mark = `until ${performance.now()}`;
    await this.#redis.cli('ECHO', mark);
    await eventually('MONITOR shows it', 60_000, () => this.#said.includes(mark));
    return this.#said;
  }

  async commands(): Promise<TappedCommand[]> {
    return (await this.text()).split('\r\n').flatMap((line) => {
      const [, words = ''] = LINE.exec(line) ?? [];
      const [name, ...args] = [...words.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) =>
        unescaped(word),
      );
      return name === undefined ? [] : [{ name: name.toLowerCase(), args }];
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** As Redis writes what cannot be printed. */
function unescaped(word: string): string {
  return word.replace(/\\(x[0-9a-f]{2}|.)/g, (_, code: string) => {
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' }[code] ?? code;
  });
}
