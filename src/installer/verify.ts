/**
 * Whether a package is, in each byte and in all its parts together, what it says of itself: one line for each thing that
 * was checked, as it comes, with a sentence. Nothing is believed that was not checked before; what cannot be checked
 * here is said. Works on any system, and asks none of Apple's tools.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import { AtlasError, type ErrorCode } from '../base/errors.ts';
import { checkHeap, contentOfMember, openArchive, type ReadArchive } from './archive-reader.ts';
import type { RandomSource } from './byte-source.ts';
import { chainWeaknesses } from './certificates.ts';
import {
  agreeWithBom,
  agreeWithDistribution,
  agreeWithInfo,
  agreeWithScripts,
  type Unchecked,
} from './package-agreement.ts';
import { damaged } from './package-fault.ts';
import {
  type Progress,
  type ReadComponent,
  type ReadPackage,
  readPackage,
  readPayload,
  readScripts,
} from './package-reader.ts';
import { type Survey, survey } from './payload-survey.ts';
import { checkTrust, readSignatures, type SignatureFacts } from './signature-reader.ts';
import type { ReadFile } from './toc-reader.ts';

export interface PackageCheck {
  /** As in `Payload`. */
  readonly what: string;
  readonly result: 'pass' | 'fail' | 'unchecked';
  readonly sentence: string;
  /** Of the check of the signature, where it did not fail: the name on its certificate, null without one. */
  readonly signer?: string | null;
}

export interface VerifyTerms {
  /** That the whole file shall have, hex. */
  readonly sha256?: string | undefined;
  /** That the signer shall be vouched for by; null: whoever signed. */
  readonly roots: readonly X509Certificate[] | null;
  readonly nowMs: number;
  readonly progress?: Progress;
}

/** Ends early where what comes next would rest on what failed. */
export async function* verifyPackage(source: RandomSource, terms: VerifyTerms): AsyncIterable<PackageCheck> {
  const { sha256 } = terms;
  if (sha256 !== undefined) yield await checkFile(source, sha256);
  const [opened, archive] = await checked('Archive', () => openArchive(source), aboutArchive);
  yield opened;
  if (archive !== null) yield* verifyArchive(archive, terms);
}

/** What rests on its table of contents. Whoever goes on to use the same archive uses what was verified here. */
export async function* verifyArchive(archive: ReadArchive, terms: VerifyTerms): AsyncIterable<PackageCheck> {
  const progress = terms.progress ?? (() => {});
  yield await check('Heap', () => {
    checkHeap(archive);
    return 'Each byte behind the table of contents belongs to one part.';
  });
  yield await checkSignature(archive, terms);
  const [read, whole] = await checked('Manifests', () => readPackage(archive), aboutManifests);
  yield read;
  if (whole === null) return;
  for (const component of whole.components) yield* checkComponent(whole, component, progress);
  yield* checkOthers(whole);
  if (whole.distribution !== null) yield await check('Distribution', () => agreeWithDistribution(whole));
}

/** What is damaged is an answer here; what goes wrong otherwise is not. */
async function checked<T>(
  what: string,
  judge: () => Promise<T>,
  about: (value: T) => string | Unchecked,
): Promise<[PackageCheck, T | null]> {
  try {
    const value = await judge();
    const found = about(value);
    if (typeof found === 'string') return [{ what, result: 'pass', sentence: found }, value];
    return [{ what, result: 'unchecked', sentence: found.unchecked }, value];
  } catch (error) {
    if (!isCode(error, 'package_damaged')) throw error;
    return [{ what, result: 'fail', sentence: error.message }, null];
  }
}

/** Of a part that nothing else rests on. */
async function check(
  what: string,
  judge: () => string | Unchecked | Promise<string | Unchecked>,
): Promise<PackageCheck> {
  try {
    const [line] = await checked(
      what,
      async () => judge(),
      (found) => found,
    );
    return line;
  } catch (error) {
    if (!isCode(error, 'package_unreadable')) throw error;
    return { what, result: 'unchecked', sentence: error.message };
  }
}

function isCode(error: unknown, code: ErrorCode): error is AtlasError {
  return error instanceof AtlasError && error.code === code;
}

/** `expected`: of the whole file, hex. */
export async function checkFile(source: RandomSource, expected: string): Promise<PackageCheck> {
  return await check('File', async () => {
    const hash = createHash('sha256');
    for await (const chunk of source.read()) hash.update(chunk);
    const found = hash.digest('hex');
    if (found !== expected) throw damaged(`Its SHA-256 is ${found}, not ${expected}.`);
    return `Its SHA-256 is ${found}, as expected.`;
  });
}

function aboutArchive({ toc }: ReadArchive): string {
  return `Header and table of contents agree with their ${toc.checksum.style} checksum.`;
}

function aboutManifests({ components }: ReadPackage): string {
  const names = components.map(({ info }) => `${info.identifier} ${info.version}`);
  return `Bom and PackageInfo match their checksums: ${names.join(', ')}.`;
}

const SIGNATURE = 'Signature';

async function checkSignature(archive: ReadArchive, terms: VerifyTerms): Promise<PackageCheck> {
  const [read, facts] = await checked(
    SIGNATURE,
    () => readSignatures(archive),
    () => '',
  );
  if (read.result === 'fail') return read;
  if (facts === null) {
    const sentence = 'It is not signed: nothing here says who made it.';
    return terms.roots === null
      ? { what: SIGNATURE, result: 'unchecked', sentence, signer: null }
      : { what: SIGNATURE, result: 'fail', sentence: 'It is not signed, and a signature was asked for.' };
  }
  const line = await checkSigner(facts, terms);
  return line.result === 'fail' ? line : { ...line, signer: facts.signer };
}

async function checkSigner(facts: SignatureFacts, { roots, nowMs }: VerifyTerms): Promise<PackageCheck> {
  const signed = `Signed by ${facts.signer} (${facts.kinds.join(' and ')})`;
  return await check(SIGNATURE, () => {
    if (roots !== null) {
      checkTrust(facts, roots, nowMs);
      return `${signed}, vouched for by an authority that was given.`;
    }
    const asides = chainWeaknesses(facts.certificates);
    if (facts.beside !== null) asides.push(`Not checked: ${facts.beside}.`);
    const trust = 'whether anybody vouches for that name was not checked (--ca-file).';
    const sentence = [`${signed}, and the signature holds; ${trust}`, ...asides].join(' ');
    return asides.length === 0 ? sentence : { unchecked: sentence };
  });
}

async function* checkComponent(
  { archive }: ReadPackage,
  component: ReadComponent,
  progress: Progress,
): AsyncIterable<PackageCheck> {
  const { payload, scripts } = component;
  const [packed, surveyed] = await checkPacked(archive, payload, () =>
    survey(readPayload(archive, component, progress)),
  );
  yield packed;
  if (surveyed !== null) {
    yield await check(inFolder(component, 'Bom'), () => agreeWithBom(surveyed, component));
    yield await check(inFolder(component, 'PackageInfo'), () => agreeWithInfo(surveyed, component));
  }
  if (scripts === null) {
    yield await check(inFolder(component, 'Scripts'), () => agreeWithScripts(null, component));
    return;
  }
  const [read, hooks] = await checkPacked(archive, scripts, () => survey(readScripts(archive, scripts)));
  yield read;
  if (hooks !== null) {
    yield await check(inFolder(component, 'Scripts'), () => agreeWithScripts(hooks, component));
  }
}

/** What only macOS can decompress has a checksum all the same. */
async function checkPacked(
  archive: ReadArchive,
  file: ReadFile,
  judge: () => Promise<Survey>,
): Promise<[PackageCheck, Survey | null]> {
  try {
    return await checked(
      file.path,
      judge,
      ({ entries }) => `Its ${entries.length} entries can be read, and match their checksums.`,
    );
  } catch (error) {
    if (!isCode(error, 'package_unreadable')) throw error;
    return [await checkBytes(archive, file, error.message), null];
  }
}

async function checkBytes(archive: ReadArchive, file: ReadFile, why: string): Promise<PackageCheck> {
  return await check(file.path, async () => {
    await drain(archive, file);
    return { unchecked: `Its bytes match their checksum; what they hold was not checked. ${why}` };
  });
}

async function drain(archive: ReadArchive, file: ReadFile): Promise<void> {
  for await (const _ of contentOfMember(archive, file));
}

async function* checkOthers({ archive, others }: ReadPackage): AsyncIterable<PackageCheck> {
  for (const file of others) {
    yield await check(file.path, async () => {
      await drain(archive, file);
      return 'Its bytes match their checksums.';
    });
  }
}

function inFolder({ folder }: ReadComponent, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
