import { expect, test } from '@jest/globals';

import { fillTemplate } from './template.ts';

test('a place that gets no text leaves no empty line; a value that looks like a place stays', () => {
  const template = 'a\n{{none}}\n{{some}}\nb={{word}};\n';
  expect(fillTemplate(template, { none: '', some: 'x {{word}}', word: '$&' })).toBe('a\nx {{word}}\nb=$&;\n');
});

test('template and program must fit', () => {
  expect(() => fillTemplate('{{a}}', {})).toThrow('{{a}}');
  expect(() => fillTemplate('', { a: '' })).toThrow('no place for a');
});
