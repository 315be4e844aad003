/** What every package needs of the server that builds it: the program to pack, and who signs, where that is set. Pure. */
import type { Lack } from '../../installer/program.ts';
import { fail, type PackageCheck, pass, warn } from './package-check.ts';

/** `lack`: of the program or the runtime; null when nothing stands in the way. */
export function programCheck(lack: Lack | null): PackageCheck {
  if (lack !== null) return fail('program', lack.what, lack.mend);
  return pass('program', 'The program, and the Node that it runs on, are there to be packed.');
}

/** `lack`: of the identity that the configuration names; null where it can be read, and where none is named. */
export function signingChecks(lack: Lack | null): PackageCheck[] {
  if (lack === null) return [];
  return [warn('signing', `This server cannot sign packages: ${lack.what}`, lack.mend)];
}
