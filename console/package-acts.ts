/** What revoking a package means, in words. Where the secrets themselves are inside, there is nothing to revoke. */
import { type PackageBuild, revokePackage } from './package-api.ts';
import type { Act } from './trust-acts.ts';

export const canRevoke = ({ credentials, ticket, revoked_at }: PackageBuild): boolean =>
  credentials === 'ticket' && ticket?.state === 'open' && revoked_at === null;

/** Its loss is mended by changing what is inside, which no button on this page can do. */
export const holdsSecrets = ({ credentials }: PackageBuild): boolean => credentials === 'embedded';

export function packageRevocation({ build_id, file_name }: PackageBuild): Act {
  return {
    title: `Revoke ${file_name}?`,
    sentences: [
      'Its join ticket ends at once: nobody can join by this package any more.',
      'There is no other secret inside. To bring a server in, build another package.',
    ],
    button: 'Revoke',
    asksPassword: false,
    run: () => revokePackage(build_id),
  };
}
