import { wakeSuite } from '../lib/wake-suite';

wakeSuite('regular');
