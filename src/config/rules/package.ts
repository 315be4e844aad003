/** Who signs packages: a key and its certificates, both or neither, and both there. */
import { certificateFault, privateKeyFault } from '../pem-file.ts';
import type { Problem } from '../problem.ts';
import { namedFile } from './named-file.ts';
import { error, isSound, type Whole } from './whole.ts';

const PAIRS = [
  ['package.sign_key', 'package.sign_chain'],
  ['package.sign_chain', 'package.sign_key'],
] as const;

export function* judgePackage(whole: Whole): Generator<Problem> {
  for (const [given, needed] of PAIRS) {
    if (whole.values[given] === null || whole.values[needed] !== null || !isSound(whole, needed)) continue;
    const hint = `Add \`${needed.slice('package.'.length)}\`, the path of a PEM file, or remove the other.`;
    yield error(whole, 'sign_files_missing', needed, `${given} is given, and ${needed} is not`, hint);
  }
  yield* namedFile(whole, 'package.sign_key', privateKeyFault);
  yield* namedFile(whole, 'package.sign_chain', certificateFault);
}
