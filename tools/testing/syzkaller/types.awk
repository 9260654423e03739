# SPDX-License-Identifier: GPL-2.0-or-later
#
# types.awk: what is wrong with the types in descriptions for syzkaller, one line each;
# the status is zero only if nothing is.
#
# A type is a name with options in brackets, some of which are types again. What it may
# look like depends on where it stands:
#
#	arg	an argument of a call is at most as wide as a pointer of the target, so it
#		has no base type, and is none itself that has 64 bits on all targets
#	field	of a structure, or what a pointer points to: numbers have a base type

function wrong(what)
{
	print "line " NR ": " what
	bad = 1
}

# Take the text apart at the commas that are in no brackets and no strings.
function split_top(text, part,    i, c, n, depth, quoted)
{
	n = 1
	part[1] = ""
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "\"")
			quoted = !quoted
		if (!quoted && c == "[")
			depth++
		if (!quoted && c == "]")
			depth--
		if (!quoted && !depth && c == ",") {
			part[++n] = ""
			continue
		}
		part[n] = part[n] c
	}
	for (i = 1; i <= n; i++)
		gsub(/^[ \t]+|[ \t]+$/, "", part[i])
	return n
}

function is_base(text)
{
	return text ~ /^(int(8|16|32|64)|intptr)$/
}

# Lists come before or after their use: look when all is read.
function needs_list(name, kind)
{
	if (name ~ /^[a-z_]/ && !(name in param))
		uses[++nr_uses] = NR " " kind " " name
}

function check_type(text, where,    name, inner, opt, n, most)
{
	if (text !~ /^[A-Za-z_][A-Za-z_0-9]*(\[.*\])?$/) {
		wrong("\"" text "\" is no type")
		return
	}
	name = text
	n = 0
	if (text ~ /\[/) {
		name = substr(text, 1, index(text, "[") - 1)
		inner = substr(text, index(text, "[") + 1)
		n = split_top(substr(inner, 1, length(inner) - 1), opt)
	}
	# Those that may be left out
	if (where == "arg" && n && opt[n] == "opt")
		n--

	if (name in param)
		return
	if (is_base(name)) {
		if (where == "arg" && name == "int64")
			wrong("an argument of 64 bits, which a target of 32 bits has not")
		if (n > 2 || n && opt[1] !~ /:/)
			wrong("\"" text "\" is no range")
	} else if (name ~ /^(const|flags|len|bytesize|bitsize)$/) {
		if (where == "arg" && n != 1)
			wrong("\"" text "\": an argument has no base type")
		if (where == "field" && (n != 2 || !is_base(opt[2])))
			wrong("\"" text "\": a field needs a base type")
		if (name == "flags")
			needs_list(opt[1], "numbers")
	} else if (name == "fileoff") {
		if (where == "arg" && n)
			wrong("\"" text "\": an argument has no base type")
		if (where == "field" && (n != 1 || !is_base(opt[1])))
			wrong("\"" text "\": a field needs a base type")
	} else if (name == "ptr") {
		if (n != 2 || opt[1] !~ /^(in|out|inout)$/)
			wrong("\"" text "\" has no direction and type")
		else
			check_type(opt[2], "field")
	} else if (name == "buffer") {
		if (n != 1 || opt[1] !~ /^(in|out|inout)$/)
			wrong("\"" text "\" has no direction")
	} else if (name == "vma") {
		if (n > 1)
			wrong("\"" text "\" has too many options")
	} else if (name ~ /^fd(_[a-z_]+)?$/) {
		if (n)
			wrong("\"" text "\": a resource has no options")
		if (name != "fd")
			uses[++nr_uses] = NR " resource " name
	} else if (where == "arg") {
		wrong("\"" text "\" can't be an argument")
	} else if (name == "array") {
		if (n < 1 || n > 2)
			wrong("\"" text "\" has no type, or more than a size")
		else
			check_type(opt[1], "field")
	} else if (name ~ /^string(noz)?$/) {
		if (n != 1)
			wrong("\"" text "\" is not one string or list")
		else if (opt[1] !~ /^"/)
			needs_list(opt[1], "strings")
	} else if (name == "fmt") {
		if (n != 2 || opt[1] !~ /^(dec|hex|oct)$/)
			wrong("\"" text "\" has no format and type")
		else
			check_type(opt[2], "field")
	} else if (name == "optional") {
		if (n != 1)
			wrong("\"" text "\" is not one type")
		else
			check_type(opt[1], "field")
	} else if (name == "void") {
		if (n)
			wrong("\"" text "\" has no options")
	} else {
		uses[++nr_uses] = NR " type " name " " n
		for (most = 1; most <= n; most++) {
			if (opt[most] !~ /^"/)
				check_type(opt[most], "field")
		}
	}
}

/^#/ {
	next
}

# name$variant(argument, ...) result
/^[a-z0-9_]+(\$[a-z_0-9]+)?\(/ {
	args = $0
	sub(/^[^(]*\(/, "", args)
	result = args
	sub(/.*\)/, "", result)
	sub(/\)[^)]*$/, "", args)
	n = split_top(args, arg)
	for (i = 1; i <= n; i++) {
		if (arg[i] !~ /^[a-z_0-9]+ [^ ]/)
			wrong("\"" arg[i] "\" is no argument")
		else
			check_type(substr(arg[i], index(arg[i], " ") + 1), "arg")
	}
	sub(/^ /, "", result)
	if (result != "")
		check_type(result, "arg")
	calls++
	next
}

/^resource / {
	sub(/^resource /, "")
	sub(/\[.*/, "")
	defined["resource " $0] = 1
	next
}

# type NAME[A, B] {
/^type / {
	name = $2
	sub(/\[.*/, "", name)
	line = $0
	sub(/^[^[]*\[/, "", line)
	sub(/\] *[{[]$/, "", line)
	n = split_top(line, part)
	for (i = 1; i <= n; i++)
		param[part[i]] = 1
	defined["type " name] = 1
	options[name] = n
	next
}

/^[a-z_0-9]+ [{[]$/ {
	defined["type " $1] = 1
	options[$1] = 0
	next
}

/^[]}]/ {
	delete param
	next
}

/^[a-z_0-9]+ = / {
	defined[($3 ~ /^"/ ? "strings " : "numbers ") $1] = 1
	next
}

/^\t/ {
	field = $0
	sub(/^\t[a-z_0-9]+\t+/, "", field)
	check_type(field, "field")
	fields++
}

END {
	for (i = 1; i <= nr_uses; i++) {
		split(uses[i], use, " ")
		NR = use[1]
		if (!((use[2] " " use[3]) in defined))
			wrong("there is no " use[2] " " use[3])
		else if (use[2] == "type" && options[use[3]] != use[4])
			wrong(use[3] " has " options[use[3]] " options, not " use[4])
	}
	if (calls < 10 || fields < 10) {
		NR = 0
		wrong("found " calls + 0 " calls and " fields + 0 " fields")
	}
	exit bad
}
