/** Light, dark, or as the operating system has it; the choice is kept in this browser. */
import { SegmentedControl, useMantineColorScheme, VisuallyHidden } from '@mantine/core';
import { Glyph, type GlyphName } from './glyph.tsx';

const CHOICES: readonly { value: 'auto' | 'light' | 'dark'; label: string; glyph: GlyphName }[] = [
  { value: 'auto', label: 'Colours as the system', glyph: 'system' },
  { value: 'light', label: 'Light colours', glyph: 'sun' },
  { value: 'dark', label: 'Dark colours', glyph: 'moon' },
];

export function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      size="xs"
      aria-label="Colours"
      value={colorScheme}
      onChange={(value) => {
        const choice = CHOICES.find((known) => known.value === value);
        if (choice) setColorScheme(choice.value);
      }}
      data={CHOICES.map(({ value, label, glyph }) => ({
        value,
        label: (
          <span className="at-scheme" title={label}>
            <Glyph name={glyph} size={14} />
            <VisuallyHidden>{label}</VisuallyHidden>
          </span>
        ),
      }))}
    />
  );
}
