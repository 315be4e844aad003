/** A client that keeps to no rule: it sends what it likes, reads only when told to, and never hangs up. */
import { connect, type Socket } from 'node:net';

export class RudeClient {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket.on('error', () => {});
  }

  static connect(port: number): Promise<RudeClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.once('error', reject).once('connect', () => resolve(new RudeClient(socket)));
    });
  }

  send(bytes: string | Uint8Array): this {
    this.#socket.write(bytes);
    return this;
  }

  /** One byte again and again, until the other side ends it. */
  drip(byte: string, everyMs: number): this {
    const dripping = setInterval(() => this.#socket.write(byte), everyMs);
    this.#socket.once('end', () => clearInterval(dripping)).once('close', () => clearInterval(dripping));
    return this;
  }

  /** All until the other side says that it is done, which this one never does. */
  read(): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      this.#socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
      });
      this.#socket.once('end', () => resolve(text)).once('close', () => resolve(text));
    });
  }

  /** All until this text came, or the other side is done. */
  readUntil(end: string): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      const stop = () => resolve(text);
      this.#socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        if (text.includes(end)) stop();
      });
      this.#socket.once('end', stop).once('close', stop);
    });
  }

  /** Reads a little now and then: enough not to be silent, too little ever to be done. */
  trickle(everyMs: number): void {
    this.#socket.pause();
    const trickling = setInterval(() => this.#socket.read(1), everyMs);
    this.#socket.once('close', () => clearInterval(trickling));
  }

  leave(): void {
    this.#socket.destroy();
  }
}

export const get = (path: string, token?: string) =>
  `GET ${path} HTTP/1.1\r\nhost: x\r\n${token ? `authorization: Bearer ${token}\r\n` : ''}\r\n`;
