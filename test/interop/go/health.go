package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"time"

	kerrors "github.com/go-kratos/kratos/v3/errors"
	"github.com/go-kratos/kratos/v3/transport/grpc"

	pb "kratos-ts.test/interop/gen/interop/v1"
)

// callOnDemand makes a call for each line of standard input, and prints the code that it ended with. The client
// watches the health of its server, as those of Kratos do unless they are told otherwise.
func callOnDemand(endpoint string) error {
	conn, err := grpc.NewClient(context.Background(), grpc.WithEndpoint(endpoint), grpc.WithTimeout(500*time.Millisecond))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := pb.NewEchoServiceClient(conn)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		_, err := client.Say(context.Background(), &pb.SayRequest{Text: "well?"})
		if err := json.NewEncoder(os.Stdout).Encode(kerrors.Code(err)); err != nil {
			return err
		}
	}
	return lines.Err()
}
