/**
 * Where this program lies: in a checkout, where Node runs src/ as it is, or bundled by scripts/bundle.ts, where all
 * its modules share one folder with program.json. Either folder stands directly in the root.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const HERE = import.meta.dirname;
const BUNDLED = existsSync(join(HERE, 'program.json'));

/** The checkout, or the installation: what holds `bin/`. */
export const ROOT = dirname(HERE);

/** The bundled program: this one, or what a checkout's was last bundled to. */
export const PROGRAM_FOLDER = BUNDLED ? HERE : join(ROOT, 'dist', 'program');

/** The built console. */
export const CONSOLE_FOLDER = BUNDLED ? join(HERE, 'console') : join(ROOT, 'dist', 'console');

/** What Node is given to run. */
export const MAIN = BUNDLED ? join(HERE, 'main.js') : join(HERE, 'cli', 'main.ts');

export const VERSION: string = JSON.parse(
  readFileSync(BUNDLED ? join(HERE, 'program.json') : join(ROOT, 'package.json'), 'utf8'),
).version;
