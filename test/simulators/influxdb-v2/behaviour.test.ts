import { describeBehaviour } from './behaviour.ts';
import { startInfluxSimulator } from './index.ts';

describeBehaviour('the simulated server', startInfluxSimulator);
