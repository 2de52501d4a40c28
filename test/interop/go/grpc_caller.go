package main

import (
	"context"

	pb "kratos-ts.test/interop/gen/interop/v1"
)

type grpcCaller struct{ client pb.EchoServiceClient }

func (c grpcCaller) say(ctx context.Context, in *pb.SayRequest) (*pb.SayReply, error) {
	return c.client.Say(ctx, in)
}

func (c grpcCaller) read(ctx context.Context, in *pb.ReadRequest) (*pb.SayReply, error) {
	return c.client.Read(ctx, in)
}

func (c grpcCaller) fail(ctx context.Context, in *pb.FailRequest) (*pb.SayReply, error) {
	return c.client.Fail(ctx, in)
}

func (c grpcCaller) watch(ctx context.Context, in *pb.WatchRequest) (receiver, error) {
	return c.client.Watch(ctx, in)
}

func (c grpcCaller) collect(ctx context.Context) (collector, error) { return c.client.Collect(ctx) }

func (c grpcCaller) chat(ctx context.Context) (chatter, error) { return c.client.Chat(ctx) }
