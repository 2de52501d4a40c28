// Package main is the other side of the interoperability tests: a service and a client of Kratos for Go.
package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	kerrors "github.com/go-kratos/kratos/v3/errors"
	"github.com/go-kratos/kratos/v3/metadata"
	"github.com/go-kratos/kratos/v3/transport"

	pb "kratos-ts.test/interop/gen/interop/v1"
)

type echoService struct {
	pb.UnimplementedEchoServiceServer
}

func reply(ctx context.Context, said *pb.SayRequest) *pb.SayReply {
	out := &pb.SayReply{Said: said, Metadata: map[string]string{}}
	if md, ok := metadata.FromServerContext(ctx); ok {
		md.Range(func(key string, values []string) bool {
			if strings.HasPrefix(key, "x-md-") && len(values) > 0 {
				out.Metadata[key] = values[0]
			}
			return true
		})
	}
	if tr, ok := transport.FromServerContext(ctx); ok {
		out.Operation = tr.Operation()
		tr.ReplyHeader().Set("x-answered-by", "go")
	}
	return out
}

func (echoService) Say(ctx context.Context, in *pb.SayRequest) (*pb.SayReply, error) {
	if in.Wait != nil {
		select {
		case <-time.After(in.Wait.AsDuration()):
		case <-ctx.Done():
			return nil, kerrors.GatewayTimeout("TOO_LATE", ctx.Err().Error())
		}
	}
	return reply(ctx, in), nil
}

func (echoService) Read(ctx context.Context, in *pb.ReadRequest) (*pb.SayReply, error) {
	said := in.Said
	if said == nil {
		said = &pb.SayRequest{}
	}
	said.Labels = map[string]string{"name": in.Name}
	for _, mood := range in.Moods {
		said.Tags = append(said.Tags, mood.String())
	}
	said.Number = in.Number
	return reply(ctx, said), nil
}

func (echoService) Fail(_ context.Context, in *pb.FailRequest) (*pb.SayReply, error) {
	if in.Unexpected {
		return nil, errors.New(in.Message)
	}
	return nil, kerrors.New(int(in.Code), in.Reason, in.Message).WithMetadata(in.Metadata)
}

type replySender interface {
	Context() context.Context
	Send(*pb.SayReply) error
}

func (echoService) watch(in *pb.WatchRequest, stream replySender) error {
	for i := range in.Count {
		said := &pb.SayRequest{Text: in.Text, Number: int64(i)}
		if err := stream.Send(reply(stream.Context(), said)); err != nil {
			return err
		}
	}
	if in.Reason != "" {
		return kerrors.New(409, in.Reason, "told to fail").WithMetadata(map[string]string{"count": "done"})
	}
	return nil
}

func (s echoService) Watch(in *pb.WatchRequest, stream pb.EchoService_WatchServer) error {
	return s.watch(in, stream)
}

type collectStream interface {
	Recv() (*pb.SayRequest, error)
	SendAndClose(*pb.CollectReply) error
}

func (echoService) collect(stream collectStream) error {
	var texts []string
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&pb.CollectReply{Text: strings.Join(texts, " "), Count: int32(len(texts))})
		}
		if err != nil {
			return err
		}
		if in.Text == "fail" {
			return kerrors.New(409, "TOLD_TO", "told to fail")
		}
		texts = append(texts, in.Text)
	}
}

func (s echoService) Collect(stream pb.EchoService_CollectServer) error { return s.collect(stream) }

type chatStream interface {
	replySender
	Recv() (*pb.SayRequest, error)
}

func (echoService) chat(stream chatStream) error {
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if in.Text == "fail" {
			return kerrors.New(409, "TOLD_TO", "told to fail")
		}
		if err := stream.Send(reply(stream.Context(), in)); err != nil {
			return err
		}
	}
}

func (s echoService) Chat(stream pb.EchoService_ChatServer) error { return s.chat(stream) }
