import { readFile } from 'node:fs/promises';

import { shippedConfigPath } from '../installation/installation.ts';

export type TemplateName = 'run.sh' | 'merge.sh';

export function readTemplate(name: TemplateName): Promise<string> {
  return readFile(shippedConfigPath(`slurm/${name}`), 'utf8');
}

/**
 * Puts values into the places of a template, which look like `{{place}}`. A line that holds nothing but a place which
 * gets no text is left out. Values are shell text already: quoting is the caller's.
 *
 * @throws {Error} a place without a value, or a value without a place: template and program do not fit
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const used = new Set<string>();
  const valueOf = (place: string): string => {
    const value = values[place];
    if (value === undefined) throw new Error(`the template has a place {{${place}}} that nothing fills`);
    used.add(place);
    return value;
  };
  // In one pass, so that a value which looks like a place stays what it is.
  const text = template.replaceAll(
    /^\{\{(\w+)\}\}\n|\{\{(\w+)\}\}/gm,
    (_mark, line: string | undefined, place: string) => {
      const value = valueOf(line ?? place);
      return line === undefined || value === '' ? value : `${value}\n`;
    },
  );
  const unused = Object.keys(values).filter((place) => !used.has(place));
  if (unused.length > 0) throw new Error(`the template has no place for ${unused.join(', ')}`);
  return text;
}
