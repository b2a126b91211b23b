import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { chooseGpus } from './choose-gpus.ts';
import { freeMemoryBytes } from './find-device.ts';
import type { Gpu } from './gpu-list.ts';
import { parseMigDevices } from './mig-devices.ts';

const UUIDS = ['8f2a10', '8f2b20', '77c330', '01d440'].map(
  (start) => `GPU-${start}d6-d33d-2b2c-524d-9e3d8d2b8a77`,
);

const gpus: Gpu[] = UUIDS.map((uuid, index) => ({
  index,
  uuid,
  name: 'NVIDIA H100 80GB HBM3',
  pciBusId: `00000000:${index}B:00.0`,
  memoryTotalMiB: 81_559,
  memoryFreeMiB: 81_000 - index,
  driverVersion: '570.86.15',
  migs: [],
}));

/** As `nvidia-smi -L` of driver 535 prints it. */
const MIG_LISTING = `GPU 0: NVIDIA A100-SXM4-40GB (UUID: ${UUIDS[0]})
  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
  MIG 1g.5gb      Device  1: (UUID: MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: ${UUIDS[1]})
`;
const divided = gpus
  .slice(0, 2)
  .map((gpu) => ({ ...gpu, migs: parseMigDevices(MIG_LISTING).get(gpu.index) ?? [] }));
const [MIG_BIG, MIG_SMALL] = divided[0]!.migs.map(({ uuid }) => uuid);

const visible = (selection: string, variable?: string, of: readonly Gpu[] = gpus) =>
  chooseGpus(selection, variable, of).map(({ visibleDevices }) => visibleDevices);

describe('chooseGpus', () => {
  test('takes device numbers where nothing restricts them', () => {
    expect(visible('0,2')).toEqual(['0', '2']);
    expect(visible('3,1')).toEqual(['3', '1']);
    expect(visible('all')).toEqual(['0', '1', '2', '3']);
  });

  test('takes positions in an inherited CUDA_VISIBLE_DEVICES and hands its entries on as they are', () => {
    expect(visible('0,1', '3,1')).toEqual(['3', '1']);
    expect(visible('1', `${UUIDS[2]!},GPU-01d4`)).toEqual(['GPU-01d4']);
    expect(visible('all', '3, 2')).toEqual(['3', '2']);
    expect(visible('1', `1,${MIG_BIG!}`, divided)).toEqual([MIG_BIG]);
  });

  test('without a listing of the driver, entries are opaque', () => {
    expect(visible('0,1', '7,MIG-GPU-bb/1/0', [])).toEqual(['7', 'MIG-GPU-bb/1/0']);
    expect(visible('GPU-aa', 'GPU-aa,GPU-bb', [])).toEqual(['GPU-aa']);
    expect(() => chooseGpus('all', undefined, [], 'there is no nvidia-smi on the PATH')).toThrow(
      /No GPU found.*there is no nvidia-smi/,
    );
  });

  test.each([
    ['1,-1,2', ['1']],
    ['2,9,1', ['2']],
    ['0,GPU-ffff,1', ['0']],
    ['0,GPU-8f2,1', ['0']],
    ['3,,1', ['3']],
  ])('lets the list "%s" end where CUDA lets it end', (variable, expected) => {
    expect(visible('all', variable)).toEqual(expected);
    expect(() => visible('1', variable)).toThrow(/GPU 1, but there are 1 here.*CUDA_VISIBLE_DEVICES/);
  });

  test.each(['0,0', '0,1,0', 'GPU-77c3,2'])('a list that names a GPU twice, "%s", shows none', (variable) => {
    expect(() => visible('all', variable)).toThrow(/No GPU found.*twice.*CUDA shows none/);
  });

  test.each(['', '-1', 'NoDevFiles'])('finds no GPU behind CUDA_VISIBLE_DEVICES="%s"', (hidden) => {
    expect(() => visible('0', hidden)).toThrow(/No GPU found.*--device cpu/);
  });

  test('takes UUIDs, and as much of one as is needed', () => {
    expect(visible(UUIDS[2]!)).toEqual([UUIDS[2]]);
    expect(visible('GPU-8f2a,gpu-77')).toEqual([UUIDS[0], UUIDS[2]]);
    expect(() => visible('GPU-8f2')).toThrow(`fits ${UUIDS[0]!} and ${UUIDS[1]!}`);
    expect(() => visible('GPU-f00')).toThrow(/GPU-f00, which is not here/);
  });

  test('a UUID chooses among the visible ones only', () => {
    expect(visible('GPU-77c3', '0,2')).toEqual(['2']);
    expect(() => visible('GPU-8f2b', '0,2')).toThrow(
      /GPU-8f2b, which CUDA_VISIBLE_DEVICES hides. It shows 0, 2/,
    );
  });

  test('a divided GPU counts as its MIG devices; the others go by UUID', () => {
    expect(visible('all', undefined, divided)).toEqual([MIG_BIG, MIG_SMALL, UUIDS[1]]);
    expect(visible('MIG-cba6,1', undefined, divided)).toEqual([MIG_SMALL, UUIDS[1]]);
    expect(() => visible('0', undefined, divided)).toThrow(`GPU 0 is divided into 2 MIG devices`);
    expect(visible('MIG-c6d4', '0', divided)).toEqual([MIG_BIG]);
    expect(() => visible('MIG-c6d4', MIG_SMALL, divided)).toThrow(/hides/);
  });

  test('names the GPU behind each entry, and its share of memory', () => {
    const [mig, gpu] = chooseGpus('0,1', `MIG-cba6,1`, divided);
    expect(mig).toMatchObject({
      label: 'cuda:0/mig1',
      physical: { index: 0, uuid: UUIDS[0], pciBusId: '00000000:0B:00.0', mig: MIG_SMALL },
    });
    expect(gpu).toMatchObject({ label: 'cuda:1', physical: { index: 1, uuid: UUIDS[1], mig: null } });
    expect(freeMemoryBytes(mig!.physical, divided)).toBe(4864 * 2 ** 20);
    expect(freeMemoryBytes(gpu!.physical, divided)).toBe(80_999 * 2 ** 20);
    expect(freeMemoryBytes(null, divided)).toBeNull();
  });

  test('says what is wrong with a selection', () => {
    expect(() => visible('4')).toThrow('there are 4 here (0 to 3)');
    expect(() => visible('0,x')).toThrow('"x" is no GPU');
    expect(() => visible('1,1')).toThrow('twice');
    expect(() => visible('1,GPU-8f2b')).toThrow('twice');
  });

  test('whatever is inherited and asked for, no GPU is given to two workers', () => {
    const names = fc.constantFrom('0', '1', '2', '3', '9', '-1', '', 'GPU-8f2a', 'GPU-8f2', UUIDS[2]!, 'x');
    const list = fc.array(names, { maxLength: 5 }).map((entries) => entries.join(','));
    fc.assert(
      fc.property(list, fc.oneof(list, fc.constant('all')), (variable, selection) => {
        let uuids: (string | undefined)[];
        try {
          uuids = chooseGpus(selection, variable, gpus).map(({ physical }) => physical?.uuid);
        } catch (error) {
          expect(error).toMatchObject({ exitCode: 2 });
          return;
        }
        expect(new Set(uuids).size).toBe(uuids.length);
        expect(uuids.every((uuid) => uuid !== undefined && UUIDS.includes(uuid))).toBe(true);
      }),
    );
  });
});

test('the parts of old drivers are read too', () => {
  const old = `GPU 3: A100 (UUID: ${UUIDS[3]!})\n  MIG 1g.5gb Device 0: (UUID: MIG-GPU-${UUIDS[3]!.slice(4)}/7/0)\n`;
  expect(parseMigDevices(old).get(3)).toEqual([
    { position: 0, uuid: `MIG-GPU-${UUIDS[3]!.slice(4)}/7/0`, profile: '1g.5gb' },
  ]);
});
