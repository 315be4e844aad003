/**
 * What is typed to bring a package to a Mac, install it and be rid of it: one list for the page and for the command
 * line. Pure, and without a module of node, for the page runs it in a browser.
 */
import { shellWord } from '../base/shell-word.ts';
import { type PackagedKind, PROGRAM_OF, type Product, productOf } from './product.ts';

export interface PackageCommand {
  readonly what: string;
  readonly command: string;
}

/** A package that is at hand. */
interface AtHand {
  readonly kind: PackagedKind;
  /** As whoever types finds it. */
  readonly path: string;
  /** Null where it is not known. */
  readonly sha256: string | null;
  /** Who logs in where, as ssh takes it. */
  readonly login: string;
}

export function installCommands({ kind, path, sha256, login }: AtHand): readonly PackageCommand[] {
  const product = productOf(PROGRAM_OF[kind]);
  const name = filePath(path.slice(path.lastIndexOf('/') + 1));
  const file = shellWord(name);
  const sums = sha256 === null ? [] : [sumCommand(`${sha256}  ${name}`)];
  return [
    {
      what: 'Bring it to the new Mac, encrypted',
      command: `scp ${shellWord(filePath(path))} ${shellWord(`${login}:`)}`,
    },
    ...sums,
    { what: 'Install it there', command: `sudo installer -pkg ${file} -target /` },
    ...(kind === 'standalone' ? [setupCommand(product)] : []),
    logCommand(product),
    { what: 'Delete it: there, here, and wherever else it lay', command: `rm ${file}` },
  ];
}

/** For the Mac of a server that is not seen. */
export function missingCommands(): readonly PackageCommand[] {
  const server = productOf('server');
  return [
    {
      what: 'Says what is wrong with its configuration',
      command: `sudo ${programOf(server)} config check`,
    },
    logCommand(server),
  ];
}

const programOf = ({ root }: Product) => `${root}/bin/atlas-fleet`;

/** What begins with a dash is a flag, and what has a colon is a file on another machine, unless a folder comes first. */
function filePath(path: string): string {
  return /^-|^[^/]*:/.test(path) ? `./${path}` : path;
}

const sumCommand = (line: string): PackageCommand => ({
  what: 'Check there that it is the same file; it must say OK',
  command: `echo ${shellWord(line)} | shasum -a 256 -c`,
});

const setupCommand = (product: Product): PackageCommand => ({
  what: 'Get the code for the first login; the end of /var/log/install.log says where to open it',
  command: `sudo ${programOf(product)} user setup-code`,
});

const logCommand = ({ log }: Product): PackageCommand => ({
  what: 'Watch its log, on the new Mac; Ctrl-C ends it',
  command: `sudo tail -f ${log}`,
});
