/**
 * Distribution: what the Installer asks of a Mac before it lays anything down, in declarations alone: a script in it
 * would make the Installer ask for leave. Each value is escaped. Format: docs/package-format.md.
 */
import type { Component } from './package-info.ts';
import type { Architecture } from './program.ts';
import { escapeXml } from './xml.ts';

export interface Product {
  readonly title: string;
  readonly architecture: Architecture;
  /** As in `13.5`. */
  readonly minMacos: string;
  /** The folder in the archive that holds the component, as in `fleet-server.pkg`. */
  readonly folder: string;
}

/** As the Installer spells them. Without the attribute it takes a package for one of Intel's and asks for Rosetta. */
const HOST_ARCHITECTURES: Readonly<Record<Architecture, string>> = {
  arm64: 'arm64',
  x64: 'x86_64',
  universal: 'arm64,x86_64',
};

export function distribution(
  { title, architecture, minMacos, folder }: Product,
  component: Component,
): string {
  const id = escapeXml(component.identifier);
  const version = escapeXml(component.version);
  return `<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="2">
    <title>${escapeXml(title)}</title>
    <options customize="never" require-scripts="false" allow-external-scripts="false" rootVolumeOnly="true" hostArchitectures="${HOST_ARCHITECTURES[architecture]}"/>
    <domains enable_localSystem="true" enable_anywhere="false" enable_currentUserHome="false"/>
    <volume-check><allowed-os-versions><os-version min="${escapeXml(minMacos)}"/></allowed-os-versions></volume-check>
    <choices-outline><line choice="default"><line choice="${id}"/></line></choices-outline>
    <choice id="default"/>
    <choice id="${id}" visible="false"><pkg-ref id="${id}"/></choice>
    <pkg-ref id="${id}" version="${version}" onConclusion="none" installKBytes="${component.kilobytes}" auth="root">#${escapeXml(folder)}</pkg-ref>
    <pkg-ref id="${id}"><bundle-version/></pkg-ref>
    <product id="${id}" version="${version}"/>
</installer-gui-script>
`;
}
