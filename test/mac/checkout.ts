/** What of this checkout stands in for the program of a package: its source, and the Node that it brings. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';

export const CHECKOUT = resolve(import.meta.dirname, '../..');
export const LOCAL_NODE = realpathSync(resolve(CHECKOUT, 'node_modules/.bin/node'));
