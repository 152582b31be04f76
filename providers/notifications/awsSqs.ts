/** Queues of AWS SQS (docs/notifications/services.md#awssqs). */
import { orNone, structJson } from "./json.ts";
import { answerObject } from "./answers.ts";
import { askWell, hostOf, renderText, serviceRow } from "./row.ts";
import type { HttpRequest, SendPorts } from "./service.ts";

interface Options {
  readonly queue: string;
  readonly account: string;
  readonly region: string;
  readonly endpointUrl: string;
  readonly key: string;
  readonly secret: string;
}

interface Part {
  readonly messageAttributes?: Readonly<Record<string, string>>;
  readonly messageGroupId?: string;
}

/** Seconds until a message is seen, as the reference has it. */
const DELAY_S = 10;

function requestOf({ region, endpointUrl, key, secret }: Options, target: string, body: unknown): HttpRequest {
  const keys = key !== "" && secret !== "" ? { id: key, secret } : undefined;
  if (endpointUrl === "" && region === "")
    throw new Error("not sent: service.awssqs.region is missing, which the address of SQS is made of");
  if (region !== "" && !/^[a-z0-9-]{1,60}$/.test(region))
    throw new Error("not sent: service.awssqs.region is not one, such as eu-central-1");
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return {
    method: "POST",
    url: endpointUrl === "" ? `https://sqs.${region}.${suffix}/` : endpointUrl,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${target}` },
    body: structJson(body),
    aws: { service: "sqs", region: orNone(region), keys },
  };
}

/** @throws {Error} */
async function queueUrlOf(options: Options, name: string, ports: SendPorts): Promise<string> {
  const asked = { QueueName: name, QueueOwnerAWSAccountId: orNone(options.account) };
  const request = requestOf(options, "GetQueueUrl", asked);
  const { body } = await askWell(request, ports);
  const url = answerObject(body, `what answered at ${hostOf(request.url)} is not SQS`)["QueueUrl"];
  if (typeof url !== "string") throw new Error(`${hostOf(request.url)} names no address of the queue`);
  return url;
}

export const awsSqs = serviceRow<Options>({
  type: "awssqs",
  configure: (settings) => ({
    queue: settings.text("queue"),
    account: settings.text("account"),
    region: settings.text("region"),
    endpointUrl: settings.text("endpointUrl"),
    key: settings.text("key"),
    secret: settings.text("secret"),
  }),
  secrets: ({ key, secret }) => [key, secret],
  render(part, render): Part {
    const attributes = [...part.textMap("messageAttributes")];
    const messageGroupId = renderText(part, render, "messageGroupId");
    return {
      ...(attributes.length > 0 && {
        messageAttributes: Object.fromEntries(
          attributes.map(([name, text]) => [name, render(text, `${part.at}.messageAttributes.${name}`)]),
        ),
      }),
      ...(messageGroupId !== "" && { messageGroupId }),
    };
  },
  async send(options, { notification: { message }, part, to, ports }) {
    const { messageAttributes = {}, messageGroupId } = (part ?? {}) as Part;
    const queueUrl = await queueUrlOf(options, to.recipient || options.queue, ports);
    // SQS takes no attribute that is empty.
    const attributes = Object.entries(messageAttributes).filter(([, value]) => value !== "");
    const sent = {
      DelaySeconds: DELAY_S,
      MessageAttributes:
        attributes.length === 0
          ? undefined
          : Object.fromEntries(attributes.map(([name, value]) => [name, { DataType: "String", StringValue: value }])),
      MessageBody: message,
      MessageGroupId: messageGroupId,
      QueueUrl: queueUrl,
    };
    await askWell(requestOf(options, "SendMessage", sent), ports);
  },
});
