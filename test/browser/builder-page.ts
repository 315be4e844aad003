/** What a person does on the Server Package Builder: comes to it, orders a package, and takes it. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Visitor } from './visitor.ts';
import type { Visits } from './visits.ts';

/** Milliseconds for something that the page learns by itself. */
export const SOON = 60_000;
export const NODE_PACKAGE = 'Build Cluster Node Package';

export async function visitBuilder(visits: Visits): Promise<Visitor> {
  const visitor = await visits.loggedIn();
  await visitor.page.getByRole('link', { name: 'Server Package Builder' }).click();
  await visitor.page.getByRole('heading', { name: 'Server Package Builder', level: 1 }).waitFor();
  return visitor;
}

/** Resolves to the dialog that asked for the password. */
export async function orderPackage(page: Page, button: string, password: string): Promise<Locator> {
  await page.getByRole('button', { name: button }).click();
  const dialog = page.getByRole('dialog', { name: button });
  const field = dialog.getByLabel('Your password');
  await expect.poll(() => field.evaluate((input) => input === document.activeElement)).toBe(true);
  await field.fill(password);
  await dialog.getByRole('button', { name: 'Build it' }).click();
  return dialog;
}

export async function packageReady(page: Page): Promise<Locator> {
  const result = page.getByRole('region', { name: 'The package is ready' });
  await result.waitFor({ timeout: SOON });
  return result;
}

export async function takePackage(page: Page): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click(),
  ]);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}
