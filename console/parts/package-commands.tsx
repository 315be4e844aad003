/** Commands to paste, each with what it does. */
import type { PackageCommand } from '../../src/installer/install-commands.ts';
import { Copyable } from './copyable.tsx';

export function PackageCommands({ commands }: { readonly commands: readonly PackageCommand[] }) {
  return (
    <ol className="at-commands">
      {commands.map(({ what, command }) => (
        <li key={what}>
          <p>{what}:</p>
          <Copyable text={command} label={what} />
        </li>
      ))}
    </ol>
  );
}
