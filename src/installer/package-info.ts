/** PackageInfo: what the Installer reads of one component. Each value is escaped. Format: docs/package-format.md. */
import { escapeXml } from './xml.ts';

export interface Component {
  /** As in `com.fleet.server`. */
  readonly identifier: string;
  readonly version: string;
  /** Of the payload, with all folders. */
  readonly paths: number;
  /** Of 1024 bytes, of the payload. */
  readonly kilobytes: number;
}

/** The scripts that the Installer runs by these names, in the order in which it does. */
const HOOKS = ['preinstall', 'postinstall'] as const;

/** `scripts`: the paths in the archive of the scripts. */
export function packageInfo(component: Component, scripts: ReadonlySet<string>): string {
  const { identifier, version, paths, kilobytes } = component;
  const hooks = HOOKS.filter((name) => scripts.has(name)).map((name) => `<${name} file="./${name}"/>`);
  return `<?xml version="1.0" encoding="utf-8"?>
<pkg-info overwrite-permissions="true" relocatable="false" identifier="${escapeXml(identifier)}" postinstall-action="none" version="${escapeXml(version)}" format-version="2" generator-version="atlas-fleet" install-location="/" auth="root">
    <payload numberOfFiles="${paths}" installKBytes="${kilobytes}"/>
    <bundle-version/>
    <upgrade-bundle/>
    <update-bundle/>
    <atomic-update-bundle/>
    <strict-identifier/>
    <relocate/>
    <scripts>${hooks.join('')}</scripts>
</pkg-info>
`;
}
