/** The commands around a package, as the page and the command line give them. */
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../src/base/shell-word.ts';
import { installCommands } from '../../src/installer/install-commands.ts';

const SUM = 'ab'.repeat(32);
const NODE = {
  kind: 'cluster-node',
  path: 'FleetServerClusterNode.pkg',
  sha256: SUM,
  login: 'ann@mini-3.local',
} as const;
const typed = (changes: Partial<Parameters<typeof installCommands>[0]> = {}) =>
  installCommands({ ...NODE, ...changes }).map(({ command }) => command);

describe('the commands around a package', () => {
  it('have the real names in them, and install as the seeds say', () => {
    expect(typed()).toEqual([
      'scp FleetServerClusterNode.pkg ann@mini-3.local:',
      `echo '${SUM}  FleetServerClusterNode.pkg' | shasum -a 256 -c`,
      'sudo installer -pkg FleetServerClusterNode.pkg -target /',
      'sudo tail -f /var/log/fleet-server.log',
      'rm FleetServerClusterNode.pkg',
    ]);
    expect(typed({ kind: 'agent' })).toContain('sudo tail -f /var/log/fleet-agent.log');
  });

  it('tell how to get the code of a server of its own', () => {
    expect(typed({ kind: 'standalone' })).toContain(
      'sudo /Library/FleetServer/bin/atlas-fleet user setup-code',
    );
  });

  it('check no SHA-256 that is not known', () => {
    expect(typed({ sha256: null }).some((command) => command.includes('shasum'))).toBe(false);
  });

  it.each([
    ['../-weird.pkg', '../-weird.pkg', './-weird.pkg'],
    ['-weird.pkg', './-weird.pkg', './-weird.pkg'],
    ['at:noon.pkg', './at:noon.pkg', './at:noon.pkg'],
    ["/tmp/my node's.pkg", "'/tmp/my node'\\''s.pkg'", "'my node'\\''s.pkg'"],
  ])('take %s for a file and nothing else', (path, here, there) => {
    const commands = typed({ path });
    expect(commands[0]).toBe(`scp ${here} ann@mini-3.local:`);
    expect(commands.slice(2)).toContain(`sudo installer -pkg ${there} -target /`);
    expect(commands.at(-1)).toBe(`rm ${there}`);
  });

  it('leave a shell nothing to read but words', () => {
    expect(shellWord('a@b.local:')).toBe('a@b.local:');
    expect(shellWord('x; rm -rf ~')).toBe("'x; rm -rf ~'");
    expect(shellWord("it's $(id)")).toBe("'it'\\''s $(id)'");
    expect(shellWord('')).toBe("''");
  });
});
