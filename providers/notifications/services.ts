/** Every service that notifications can be sent by. */
import { alertmanager } from "./alertmanager.ts";
import { awsSqs } from "./awsSqs.ts";
import { email } from "./email.ts";
import { gcpPubSub } from "./gcpPubSub.ts";
import { gitHub } from "./gitHub.ts";
import { googleChat } from "./googleChat.ts";
import { grafana } from "./grafana.ts";
import { mattermost } from "./mattermost.ts";
import { nats } from "./nats.ts";
import { newRelic } from "./newRelic.ts";
import { opsgenie } from "./opsgenie.ts";
import { pagerDuty } from "./pagerDuty.ts";
import { pagerDutyV2 } from "./pagerDutyV2.ts";
import { pushover } from "./pushover.ts";
import { rocketChat } from "./rocketChat.ts";
import type { ServiceRow } from "./service.ts";
import { slack } from "./slack.ts";
import { teams } from "./teams.ts";
import { teamsWorkflows } from "./teamsWorkflows.ts";
import { telegram } from "./telegram.ts";
import { webex } from "./webex.ts";
import { webhook } from "./webhook.ts";

/** By the names that the keys of the ConfigMap have. */
export const SERVICES: readonly ServiceRow[] = [
  alertmanager,
  awsSqs,
  email,
  gcpPubSub,
  gitHub,
  googleChat,
  grafana,
  mattermost,
  nats,
  newRelic,
  opsgenie,
  pagerDuty,
  pagerDutyV2,
  pushover,
  rocketChat,
  slack,
  teams,
  teamsWorkflows,
  telegram,
  webex,
  webhook,
];
