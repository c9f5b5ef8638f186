import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import mqtt from 'mqtt-packet';

export interface RawClientOptions {
  readonly port: number;
  readonly id: string;
  readonly username: string;
  readonly password: string;
}

/**
 * An MQTT client with nothing hidden in it: what is sent, what came back and in which order are the
 * test's own business. It never reconnects and never repeats anything by itself.
 */
export class RawClient {
  readonly #socket: Socket;
  readonly #parser = mqtt.parser({ protocolVersion: 4 });
  onPacket: (packet: mqtt.Packet) => void = () => {};
  onClose: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#parser.on('packet', (packet) => this.onPacket(packet));
    socket.on('data', (data) => this.#parser.parse(data));
    socket.on('error', () => {});
    socket.on('close', () => this.onClose());
  }

  static async connect(options: RawClientOptions): Promise<RawClient> {
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const client = new RawClient(socket);
    const answered = new Promise<void>((resolve, reject) => {
      client.onPacket = (packet) =>
        packet.cmd === 'connack' && packet.returnCode === 0
          ? resolve()
          : reject(new Error(`refused: ${JSON.stringify(packet)}`));
      client.onClose = () => reject(new Error('the connection was closed before CONNACK'));
    });
    client.send({
      cmd: 'connect',
      clientId: options.id,
      username: options.username,
      password: Buffer.from(options.password),
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
    });
    await answered;
    client.onPacket = () => {};
    client.onClose = () => {};
    return client;
  }

  send(packet: mqtt.Packet): void {
    this.#socket.write(mqtt.generate(packet));
  }

  publish(topic: string, payload: string, packetId: number, duplicate = false): void {
    this.send({
      cmd: 'publish',
      topic,
      payload,
      qos: 1,
      dup: duplicate,
      retain: false,
      messageId: packetId,
    });
  }

  end(): void {
    this.#socket.destroy();
  }
}
