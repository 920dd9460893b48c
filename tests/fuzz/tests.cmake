# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_fuzz(text LAYER base)
fundwatch_fuzz(csv LAYER record)
fundwatch_fuzz(json LAYER record)
fundwatch_fuzz(gzip LAYER record)
fundwatch_fuzz(feed LAYER record)
fundwatch_fuzz(rules LAYER rule)
fundwatch_fuzz(tools LAYER rule)
