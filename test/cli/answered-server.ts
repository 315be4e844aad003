/** For each test of a file: a folder with a fresh config.yaml, and a control socket there that answers as it says. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { temporaryFolder } from '../config/config-file.ts';
import { atlasFleet } from './atlas-fleet.ts';
import { type Answers, ControlServer } from './control-server.ts';

export class AnsweredServer {
  #folder = '';
  #server: ControlServer | undefined;

  constructor() {
    beforeEach(async () => {
      this.#folder = temporaryFolder();
      expect((await atlasFleet(['init', '--dir', this.#folder])).code).toBe(0);
    });
    afterEach(() => this.#server?.close());
  }

  get folder(): string {
    return this.#folder;
  }

  /** The words of a command to it, with its configuration. */
  async answering(words: string, answers: Answers): Promise<string[]> {
    this.#server = await ControlServer.open(join(this.#folder, 'data'), answers);
    return [...words.split(' '), '--config', join(this.#folder, 'config.yaml')];
  }
}
