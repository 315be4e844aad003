/** The configuration a command runs on, or all that is wrong with it and the end of the command. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AtlasError } from '../base/errors.ts';
import { shellWord } from '../base/shell-word.ts';
import type { LoadedConfig, LoadOptions, RefusedConfig } from '../config/load.ts';
import type { Problem } from '../config/problem.ts';
import { reportConfigProblems } from './terminal.ts';

/** For commands that run on a configuration: warnings are said, errors end the command with exit code 3. */
export async function requireConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { loadConfig } = await import('../config/load.ts');
  const loaded = loadConfig(options);
  if (loaded.ok) {
    reportConfigProblems(loaded.warnings);
    return loaded;
  }
  reportConfigProblems(loaded.problems);
  throw await refusal(loaded);
}

/** What ends the command, after each problem has been said. */
export async function refusal({ path, problems }: RefusedConfig): Promise<AtlasError> {
  const { errorCount } = await import('../config/problem.ts');
  if (problems.some(isNoFile)) return new AtlasError('config_missing', 'no config.yaml was found');
  const count = errorCount(problems);
  const errors = count === 1 ? 'one error' : `${count} errors`;
  const where = path === null ? 'options' : 'configuration';
  const inside = path === null ? null : join(path, 'config.yaml');
  return new AtlasError('config_invalid', `${errors} in the ${where}`, {
    ...(inside !== null &&
      existsSync(inside) && { hint: `it is a folder with one in it: --config ${shellWord(inside)}` }),
  });
}

const isNoFile = ({ code, place }: Problem) =>
  code === 'file_missing' && place.kind === 'flag' && place.flag === '--config';
