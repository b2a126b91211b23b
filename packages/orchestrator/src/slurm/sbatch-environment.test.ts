import { expect, test } from '@jest/globals';

import { sbatchEnvironment } from './sbatch-environment.ts';

test('what the script asks for is not overridden from outside; what it leaves open is the site’s', () => {
  const script =
    '#!/bin/bash\n#SBATCH --array=0-1\n#SBATCH --time=10\n#SBATCH --gpus-per-node=4\necho --mem\n';
  const environment = {
    ...{ PATH: '/bin', SBATCH_ARRAY_INX: '0-5', SBATCH_TIMELIMIT: '7', SBATCH_GPUS_PER_NODE: '1' },
    ...{ SBATCH_ACCOUNT: 'lab', SBATCH_MEM_PER_NODE: '1G' },
  };
  expect(sbatchEnvironment(environment, script)).toEqual({
    ...{ PATH: '/bin', SBATCH_ACCOUNT: 'lab', SBATCH_MEM_PER_NODE: '1G' },
  });
});
