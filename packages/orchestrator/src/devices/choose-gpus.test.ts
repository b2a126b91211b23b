import { describe, expect, test } from '@jest/globals';

import { chooseGpus } from './choose-gpus.ts';
import type { Gpu } from './gpu-list.ts';

const gpus: Gpu[] = [0, 1, 2, 3].map((index) => ({
  index,
  uuid: `GPU-${index}`,
  name: 'H100',
  memoryTotalMiB: 81_559,
}));
const visible = (selection: string, visibleDevices?: string) =>
  chooseGpus(selection, visibleDevices, gpus).map((device) => device.visibleDevices);

describe('chooseGpus', () => {
  test('takes device numbers where nothing restricts them', () => {
    expect(visible('0,2')).toEqual(['0', '2']);
    expect(visible('all')).toEqual(['0', '1', '2', '3']);
  });

  test('takes positions in an inherited CUDA_VISIBLE_DEVICES, whose entries are opaque', () => {
    expect(visible('0,1', '3,5')).toEqual(['3', '5']);
    expect(visible('1', 'GPU-aa,MIG-bb/1/0')).toEqual(['MIG-bb/1/0']);
    expect(visible('all', '7, 2')).toEqual(['7', '2']);
  });

  test('lets an inherited list end where CUDA lets it end', () => {
    expect(visible('all', '1,-1,2')).toEqual(['1']);
  });

  test('takes UUIDs', () => {
    expect(visible('GPU-2')).toEqual(['GPU-2']);
  });

  test.each(['', '-1', 'NoDevFiles'])('finds no GPU behind CUDA_VISIBLE_DEVICES="%s"', (hidden) => {
    expect(() => visible('0', hidden)).toThrow(/No GPU found.*--device cpu/);
  });

  test('says what is wrong with a selection', () => {
    expect(() => visible('4')).toThrow('there are 4 here (0 to 3)');
    expect(() => visible('0,x')).toThrow('"x" is no GPU');
    expect(() => visible('1,1')).toThrow('twice');
  });
});
