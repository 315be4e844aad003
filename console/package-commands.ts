/** Whom the commands of a package are written for; the commands themselves are src/installer/install-commands.ts. */
import type { PackageBuild } from './package-api.ts';

/** To be written over: what the Mac is called is known only where it was given a name. */
export function likelyLogin({ node_name }: Pick<PackageBuild, 'node_name'>): string {
  const name = node_name ?? 'new-mac';
  return `admin@${name.includes('.') ? name : `${name}.local`}`;
}
