import { roomSuite } from '../lib/room-suite';

roomSuite('queue');
