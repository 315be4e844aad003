/** The visits of one test file to one cluster: one browser, and after each test no visitor has anything to complain of. */
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import { openChromium } from './chromium.ts';
import { type Visit, Visitor } from './visitor.ts';

export interface Doors {
  readonly urls: readonly [string, ...string[]];
  readonly user: string;
  readonly password: string;
}

export class Visits {
  readonly #doors: Doors;
  readonly #browser: Browser;
  readonly #visitors: Visitor[] = [];

  private constructor(doors: Doors, browser: Browser) {
    this.#doors = doors;
    this.#browser = browser;
  }

  static async begin(doors: Doors): Promise<Visits> {
    return new Visits(doors, await openChromium());
  }

  async arrive(visit?: Visit): Promise<Visitor> {
    const visitor = await Visitor.arrive(this.#browser, this.#doors.urls, visit);
    this.#visitors.push(visitor);
    return visitor;
  }

  async loggedIn(visit?: Visit): Promise<Visitor> {
    const { urls, user, password } = this.#doors;
    const visitor = await this.arrive(visit);
    await visitor.logIn(urls[0], user, password);
    await visitor.page.getByRole('heading', { name: 'Dashboard', level: 1 }).waitFor();
    return visitor;
  }

  /** After each test. */
  async leave(): Promise<void> {
    for (const visitor of this.#visitors.splice(0)) {
      const { complaints } = visitor;
      await visitor.leave();
      expect(complaints).toEqual([]);
    }
  }

  async end(): Promise<void> {
    await this.#browser.close();
  }
}
