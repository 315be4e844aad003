/** NOTES.md of a release: what is in it, and what its reader must know before installing it. The same release, the same text. */
import type { ProgramVersion } from '../src/installer/program.ts';
import type { ReleasedFile } from './release-packages.ts';

export interface Release {
  readonly program: ProgramVersion;
  readonly packages: readonly ReleasedFile[];
  /** As it stands on the certificate; null where nobody signed. */
  readonly signedBy: string | null;
  /** The texts of the documents that the notes quote. */
  readonly changelog: string;
  readonly readme: string;
}

/** Of the README, for as long as it stands there. */
const NEVER_RUN = 'Never run on a Mac';

export function releaseNotes({ program, packages, signedBy, changelog, readme }: Release): string {
  const { version, node, minMacos } = program;
  const changes = sectionOf(changelog, version) ?? sectionOf(changelog, 'Unreleased');
  const doubts = sectionOf(readme, NEVER_RUN);
  return `# Atlas Fleet ${version}

A server for the first Mac (\`FleetServerStandalone\`), and the agent (\`FleetAgent\`). No file here holds a secret. Further
servers come by packages that the first one builds, and so do agents that know their servers already.

| file | MB | SHA-256 |
|---|---|---|
${packages.map(({ name, size, sha256 }) => `| ${name} | ${megabytes(size)} | \`${sha256}\` |`).join('\n')}

\`arm64\` is for Apple silicon, \`x64\` for Intel, \`universal\` for both. macOS ${minMacos} or newer. Node ${node} is inside, as the
Node.js Foundation signed it; nothing is fetched at installation. The same sources give the same bytes: \`npm run release\`.

${signedBy === null ? UNSIGNED : `Signed by ${signedBy}. Not notarized.`}

## Installing

    shasum -a 256 -c SHA256SUMS
    sudo installer -pkg FleetServerStandalone-${version}-universal.pkg -target /

The last lines that it prints say where to open the console, and where the setup code comes from. An agent:

    sudo installer -pkg FleetAgent-${version}-universal.pkg -target /

It belongs to no fleet yet: fill in \`agent.servers\`, \`agent.api_key\`, \`server.encryption_key\` and, unless public authorities
vouch for the servers, \`agent.pins\` in \`/Library/FleetAgent/config.yaml\`. It starts by itself then. The profile
(\`.mobileconfig\`) approves both services beforehand where an MDM manages the Macs.

Removing: \`sudo /Library/FleetServer/bin/uninstall.sh\`, \`sudo /Library/FleetAgent/bin/uninstall.sh\`; \`--purge\` takes the data too.
${doubts === null ? '' : `\n## ${NEVER_RUN}\n\n${doubts}\n`}${changes === null ? '' : `\n## Changes\n\n${changes}\n`}`;
}

const UNSIGNED =
  'Nobody signed these packages: a double click is blocked by macOS, `sudo installer` installs them. Compare the checksums first.';

/** What stands below `## title`; null where there is no such heading. */
export function sectionOf(markdown: string, title: string): string | null {
  const lines = markdown.split('\n');
  const start = lines.indexOf(`## ${title}`) + 1;
  if (start === 0) return null;
  const end = lines.findIndex((line, index) => index >= start && line.startsWith('## '));
  return lines
    .slice(start, end === -1 ? undefined : end)
    .join('\n')
    .trim();
}

const MEGABYTE = 1_000_000;

export function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1);
}
