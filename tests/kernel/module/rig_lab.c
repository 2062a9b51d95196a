// SPDX-License-Identifier: GPL-2.0
/*
 * GPIO lines and an I2C bus of a Raspberry Pi's shape, for tests of a program that uses the kernel's interfaces.
 *
 * A GPIO chip labelled as the header of a Pi 5. "wires" lists pairs (output, input): the input has the output's level,
 * and interrupts on its edges. A line that is given back becomes an input, or keeps its level with "persist", as the
 * kernels of Raspberry Pi do without dtparam=strict_gpiod. Inputs that no wire drives are low: a pull-down.
 *
 * An I2C adapter that takes plain messages, with two chips of big-endian 16-bit registers; "absent" is the address of
 * one that does not answer.
 */
#include <linux/gpio/driver.h>
#include <linux/i2c.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#define LINES 54
#define REGISTERS 256

static int wires[16];
static int wires_count;
module_param_array(wires, int, &wires_count, 0444);
static bool persist;
module_param(persist, bool, 0644);
static int chips[] = { 0x48, 0x40 };
static unsigned int absent;
module_param(absent, uint, 0644);

static DEFINE_SPINLOCK(lock);
static bool is_output[LINES];
static bool value[LINES];
static bool unmasked[LINES];
static unsigned int edges[LINES];
static u16 registers[ARRAY_SIZE(chips)][REGISTERS];
static u8 pointer[ARRAY_SIZE(chips)];
static struct platform_device *device;

static int level_of(unsigned int line)
{
	int i;

	if (is_output[line])
		return value[line];
	for (i = 0; i + 1 < wires_count; i += 2)
		if (wires[i + 1] == line)
			return is_output[wires[i]] && value[wires[i]];
	return 0;
}

static void change(struct gpio_chip *chip, unsigned int line, bool output, bool to)
{
	int i, before, after, sensed = -1;
	unsigned long flags;
	bool tell = false;

	spin_lock_irqsave(&lock, flags);
	for (i = 0; i + 1 < wires_count; i += 2)
		if (wires[i] == line)
			sensed = wires[i + 1];
	before = sensed < 0 ? 0 : level_of(sensed);
	is_output[line] = output;
	value[line] = to;
	after = sensed < 0 ? 0 : level_of(sensed);
	if (before != after)
		tell = unmasked[sensed] &&
		       (edges[sensed] & (after ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING));
	spin_unlock_irqrestore(&lock, flags);
	if (tell)
		generic_handle_domain_irq_safe(chip->irq.domain, sensed);
}

static int get(struct gpio_chip *chip, unsigned int line)
{
	return level_of(line);
}

static void set(struct gpio_chip *chip, unsigned int line, int to)
{
	change(chip, line, is_output[line], to);
}

static int get_direction(struct gpio_chip *chip, unsigned int line)
{
	return is_output[line] ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int direction_input(struct gpio_chip *chip, unsigned int line)
{
	change(chip, line, false, false);
	return 0;
}

static int direction_output(struct gpio_chip *chip, unsigned int line, int to)
{
	change(chip, line, true, to);
	return 0;
}

static int set_config(struct gpio_chip *chip, unsigned int line, unsigned long config)
{
	return 0;	/* pulls: any */
}

static void given_back(struct gpio_chip *chip, unsigned int line)
{
	if (!persist)
		change(chip, line, false, false);
}

static void mask(struct irq_data *data)
{
	unmasked[irqd_to_hwirq(data)] = false;
}

static void unmask(struct irq_data *data)
{
	unmasked[irqd_to_hwirq(data)] = true;
}

static int set_type(struct irq_data *data, unsigned int type)
{
	edges[irqd_to_hwirq(data)] = type;
	return 0;
}

static const struct irq_chip interrupts = {
	.name = "rig-lab",
	.irq_mask = mask,
	.irq_unmask = unmask,
	.irq_set_type = set_type,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static struct gpio_chip lines = {
	.label = "pinctrl-rp1",
	.owner = THIS_MODULE,
	.base = -1,
	.ngpio = LINES,
	.request = NULL,
	.free = given_back,
	.get = get,
	.set = set,
	.get_direction = get_direction,
	.direction_input = direction_input,
	.direction_output = direction_output,
	.set_config = set_config,
};

static int chip_at(int address)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(chips); i++)
		if (chips[i] == address && address != absent)
			return i;
	return -1;
}

static int transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, int count)
{
	int m, b;

	for (m = 0; m < count; m++) {
		struct i2c_msg *message = &messages[m];
		int chip = chip_at(message->addr);

		if (chip < 0)
			return -EREMOTEIO;
		if (message->flags & I2C_M_RD) {
			for (b = 0; b < message->len; b++)
				message->buf[b] = registers[chip][(u8)(pointer[chip] + b / 2)] >> (b & 1 ? 0 : 8);
			continue;
		}
		if (message->len)
			pointer[chip] = message->buf[0];
		if (message->len >= 3)
			registers[chip][pointer[chip]] = message->buf[1] << 8 | message->buf[2];
	}
	return count;
}

static u32 functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C;
}

static const struct i2c_algorithm algorithm = {
	.master_xfer = transfer,
	.functionality = functionality,
};

static struct i2c_adapter bus = {
	.owner = THIS_MODULE,
	.algo = &algorithm,
	.name = "rig lab",
	.nr = 1,
};

static int __init begin(void)
{
	int failed;

	device = platform_device_register_simple("rig-lab", -1, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	lines.parent = &device->dev;
	gpio_irq_chip_set_chip(&lines.irq, &interrupts);
	lines.irq.handler = handle_simple_irq;
	lines.irq.default_type = IRQ_TYPE_NONE;
	failed = gpiochip_add_data(&lines, NULL);
	if (failed)
		goto no_lines;
	bus.dev.parent = &device->dev;
	failed = i2c_add_numbered_adapter(&bus);
	if (failed)
		goto no_bus;
	return 0;

no_bus:
	gpiochip_remove(&lines);
no_lines:
	platform_device_unregister(device);
	return failed;
}

static void __exit end(void)
{
	i2c_del_adapter(&bus);
	gpiochip_remove(&lines);
	platform_device_unregister(device);
}

module_init(begin);
module_exit(end);
MODULE_DESCRIPTION("GPIO lines and an I2C bus for tests");
MODULE_LICENSE("GPL");
