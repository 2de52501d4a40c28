import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createCodecs } from "../../../codec/index.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { ConnectionInfo } from "../../http2/server-engine.ts";
import { compileFormats } from "../protocol/message-format.ts";
import type { CallCounts } from "./call-counts.ts";
import { toAddress } from "./channelz-address.ts";
import type { OwnMethod, OwnMethods } from "./own-service.ts";
import * as pb from "./protos/grpc/channelz/v1/channelz_pb.ts";
import type { ConnectionRecord, ServerCounts } from "./server-counts.ts";

/** What the service tells of. */
export interface ChannelzSource {
  readonly counts: ServerCounts;
  /** Where the server listens: `host:port`, or a path. */
  readonly listenAddress: () => string;
}

/** The numbers of the server and of its listener; those of connections follow. */
const serverId = 1n;
const listenerId = 2n;

/** How many things a reply lists, unless it is to be fewer. */
const pageSize = 100;

/**
 * The methods of `grpc.channelz.v1.Channelz` for one server, with its listener and connections as sockets. It has
 * no channels: those are of clients.
 */
export function channelzMethods(source: ChannelzSource): OwnMethods {
  const codecs = createCodecs();
  const unary = <I extends DescMessage, O extends DescMessage>(
    input: I,
    output: O,
    answer: (request: never) => MessageInitShape<O>,
  ): OwnMethod => ({ kind: "unary", formats: compileFormats(codecs, input, output), answer });
  const service = "/grpc.channelz.v1.Channelz";
  return {
    [`${service}/GetTopChannels`]: unary(
      pb.GetTopChannelsRequestSchema,
      pb.GetTopChannelsResponseSchema,
      () => ({ end: true }),
    ),
    [`${service}/GetServers`]: unary(
      pb.GetServersRequestSchema,
      pb.GetServersResponseSchema,
      ({ startServerId }: pb.GetServersRequest) => ({
        server: startServerId <= serverId ? [describeServer(source)] : [],
        end: true,
      }),
    ),
    [`${service}/GetServer`]: unary(
      pb.GetServerRequestSchema,
      pb.GetServerResponseSchema,
      (request: pb.GetServerRequest) => {
        if (request.serverId !== serverId) throw notFound("server", request.serverId);
        return { server: describeServer(source) };
      },
    ),
    [`${service}/GetServerSockets`]: unary(
      pb.GetServerSocketsRequestSchema,
      pb.GetServerSocketsResponseSchema,
      (request: pb.GetServerSocketsRequest) => listSockets(source, request),
    ),
    [`${service}/GetChannel`]: unary(
      pb.GetChannelRequestSchema,
      pb.GetChannelResponseSchema,
      ({ channelId }: pb.GetChannelRequest) => {
        throw notFound("channel", channelId);
      },
    ),
    [`${service}/GetSubchannel`]: unary(
      pb.GetSubchannelRequestSchema,
      pb.GetSubchannelResponseSchema,
      ({ subchannelId }: pb.GetSubchannelRequest) => {
        throw notFound("subchannel", subchannelId);
      },
    ),
    [`${service}/GetSocket`]: unary(
      pb.GetSocketRequestSchema,
      pb.GetSocketResponseSchema,
      ({ socketId }: pb.GetSocketRequest) => ({ socket: findSocket(source, socketId) }),
    ),
  };
}

function listSockets(
  { counts }: ChannelzSource,
  request: pb.GetServerSocketsRequest,
): MessageInitShape<typeof pb.GetServerSocketsResponseSchema> {
  if (request.serverId !== serverId) throw notFound("server", request.serverId);
  const asked = Number(request.maxResults);
  const size = asked > 0 ? Math.min(asked, pageSize) : pageSize;
  const socketRef = [];
  for (const record of counts.connections.values()) {
    if (BigInt(record.id) < request.startSocketId) continue;
    if (socketRef.length === size) return { socketRef, end: false };
    socketRef.push(toRef(record));
  }
  return { socketRef, end: true };
}

function describeServer({
  counts,
  listenAddress,
}: ChannelzSource): MessageInitShape<typeof pb.ServerSchema> {
  const { started, succeeded, failed } = counts.calls;
  const name = listenAddress();
  return {
    ref: { serverId, name },
    data: {
      callsStarted: BigInt(started),
      callsSucceeded: BigInt(succeeded),
      callsFailed: BigInt(failed),
      ...lastStarted("lastCallStartedTimestamp", counts.calls),
    },
    listenSocket: [{ socketId: listenerId, name }],
  };
}

function findSocket(
  { counts, listenAddress }: ChannelzSource,
  id: bigint,
): MessageInitShape<typeof pb.SocketSchema> {
  if (id === listenerId) {
    const name = listenAddress();
    return { ref: { socketId: id, name }, local: toAddress(name) };
  }
  const record = counts.connections.get(Number(id));
  if (record === undefined) throw notFound("socket", id);
  const { info, calls } = record;
  return {
    ref: toRef(record),
    local: toAddress(info.localAddress),
    remote: toAddress(info.remoteAddress),
    ...toSecurity(info),
    data: {
      streamsStarted: BigInt(calls.started),
      streamsSucceeded: BigInt(calls.succeeded),
      streamsFailed: BigInt(calls.failed),
      messagesSent: BigInt(calls.sent),
      messagesReceived: BigInt(calls.received),
      ...lastStarted("lastRemoteStreamCreatedTimestamp", calls),
    },
  };
}

function toRef({ id, info }: ConnectionRecord): { socketId: bigint; name: string } {
  return { socketId: BigInt(id), name: info.remoteAddress };
}

function toSecurity(info: ConnectionInfo): {
  security?: MessageInitShape<typeof pb.SecuritySchema>;
} {
  if (!info.encrypted) return {};
  const remoteCertificate = info.peerCertificate()?.raw ?? new Uint8Array(0);
  return { security: { model: { case: "tls", value: { remoteCertificate } } } };
}

function lastStarted<K extends string>(
  name: K,
  { lastStarted: time }: CallCounts,
): { [name in K]?: ReturnType<typeof timestampFromMs> } {
  const times: { [name in K]?: ReturnType<typeof timestampFromMs> } = {};
  if (time > 0) times[name] = timestampFromMs(time);
  return times;
}

function notFound(what: string, id: bigint): KratosError {
  return new KratosError(404, "", `there is no ${what} ${id}`);
}
