/**
 * A person at a browser: one page that notes whatever a good page never does (a policy violation, an error, a
 * request to another host), and asks axe about what it sees.
 */
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';

const SCREENS = join(import.meta.dirname, '..', '..', 'docs', 'screens');

/** Milliseconds for what a page does at once, on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

export interface Visit {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

export class Visitor {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** Nothing, on a good day. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, page: Page, origins: readonly string[]) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`));
    page.on('console', (message) => {
      // A refused login is an answer, and the browser itself says so in the console.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) {
        this.complaints.push(`console: ${message.text()}`);
      }
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && !origins.includes(url.origin))
        this.complaints.push(`asks ${url.origin}`);
    });
  }

  /** `origins`: the servers that a page may talk to. */
  static async arrive(browser: Browser, origins: readonly string[], visit: Visit = {}): Promise<Visitor> {
    const context = await browser.newContext({
      colorScheme: visit.scheme ?? 'light',
      ignoreHTTPSErrors: true, // a server's own certificate, which a person accepts
      viewport: { width: visit.width ?? 1280, height: 900 },
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Visitor(context, await context.newPage(), origins);
  }

  async logIn(url: string, user: string, password: string): Promise<void> {
    await this.page.goto(url);
    await this.page.getByLabel('User name').fill(user);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** What axe calls serious or critical, a line each. */
  async seriousFaults(): Promise<string[]> {
    await this.page.evaluate(axe.source); // a script tag would be refused by the policy, rightly
    const violations = (await this.page.evaluate(
      'axe.run(document, { resultTypes: ["violations"] }).then((result) => result.violations)',
    )) as Violation[];
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
      );
  }

  /** Pixels by which the page is wider than its window. */
  overflow(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  }

  /** Kept for the README when ATLAS_SCREENS is set. */
  async keepScreen(name: string): Promise<void> {
    if (!process.env.ATLAS_SCREENS) return;
    await this.page.screenshot({ path: join(SCREENS, `${name}.png`), fullPage: true });
  }

  async leave(): Promise<void> {
    await this.#context.close();
  }
}
