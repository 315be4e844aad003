/**
 * What a package lays down on the Mac and runs there: the program, one configuration, the LaunchDaemon, the rule for its
 * log, and the scripts around them. Modes stand here and come from no disk. What is made on the Mac (data, keys) is
 * never in it.
 */
import { AtlasError } from '../base/errors.ts';
import { launcher, uninstallScript } from './kept-scripts.ts';
import { launchDaemon, newsyslogRule } from './launchd.ts';
import { type ExistingConfig, PACKAGE_MARK } from './package-mark.ts';
import { postinstall } from './postinstall.ts';
import { preinstall } from './preinstall.ts';
import { newsyslogRuleOf, PACKAGE_FILES, plistOf, productOf } from './product.ts';
import type { ProgramFile, ProgramKind } from './program.ts';
import type { File, Tree } from './tree.ts';

export interface InstallationPlan {
  readonly kind: ProgramKind;
  readonly existingConfig: ExistingConfig;
  /** Of Atlas Fleet, as in `0.1.0`. */
  readonly version: string;
  readonly program: readonly ProgramFile[];
  /** The text of config.yaml. */
  readonly config: string;
  /** PEM texts by the name of their file, as in `redis_ca_file.pem`. */
  readonly files: Readonly<Record<string, string>>;
  /** The text of contents.json: what the configuration holds, by name and fingerprint. */
  readonly contents: string;
}

export interface Installation {
  readonly identifier: string;
  readonly title: string;
  readonly payload: Tree;
  readonly scripts: Tree;
}

const OPEN = 0o644;
const PROGRAM = 0o755;
const PRIVATE = 0o600;
const PRIVATE_FOLDER = 0o700;

const PACKAGE_FILE = /^[a-z0-9_-]+\.pem$/;

/** Throws package_unfit for a file of the configuration whose name could lead elsewhere. */
export function installation(plan: InstallationPlan): Installation {
  const { kind, existingConfig } = plan;
  const product = productOf(kind);
  const inRoot = (path: string) => `${product.root.slice(1)}/${path}`;
  return {
    identifier: product.label,
    title: product.title,
    payload: [
      ...plan.program.map(
        ({ path, mode, content }): File => ({ type: 'file', path: inRoot(path), mode, content }),
      ),
      text(inRoot('bin/atlas-fleet'), PROGRAM, launcher(product)),
      text(inRoot('bin/uninstall.sh'), PROGRAM, uninstallScript(product)),
      text(inRoot('VERSION'), OPEN, `${plan.version}\n`),
      text(inRoot('contents.json'), OPEN, plan.contents),
      text(inRoot('config.yaml'), PRIVATE, `${PACKAGE_MARK}\n${plan.config}`),
      ...packageFiles(plan.files, inRoot),
      text(plistOf(product).slice(1), OPEN, launchDaemon(product)),
      text(newsyslogRuleOf(product).slice(1), OPEN, newsyslogRule(product)),
    ],
    scripts: [
      text('preinstall', PROGRAM, preinstall(product, existingConfig, plan.version)),
      text('postinstall', PROGRAM, postinstall(product, existingConfig)),
    ],
  };
}

function packageFiles(files: InstallationPlan['files'], inRoot: (path: string) => string): Tree {
  const entries = Object.entries(files);
  if (entries.length === 0) return [];
  const odd = entries.find(([name]) => !PACKAGE_FILE.test(name));
  if (odd !== undefined)
    throw new AtlasError('package_unfit', `${odd[0]} is no name for a file of a package`);
  return [
    { type: 'directory', path: inRoot(PACKAGE_FILES), mode: PRIVATE_FOLDER },
    ...entries.map(([name, pem]) => text(inRoot(`${PACKAGE_FILES}/${name}`), PRIVATE, pem)),
  ];
}

function text(path: string, mode: number, content: string): File {
  return { type: 'file', path, mode, content: [Buffer.from(content)] };
}
