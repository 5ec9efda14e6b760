#!/usr/bin/env node
import { runAction } from "../main/index.js";
await runAction();
