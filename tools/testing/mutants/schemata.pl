#!/usr/bin/env perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# schemata.pl LIST TREE OUT: read the list of mutants, and write to OUT the
# files of the kernel tree TREE that it breaks, each with the original code and
# that of its mutants side by side: one kernel for all of them.
#
#	-	x < y			(zswap_wb_mutant(7) ? (x <= y) : (x < y))
#	-	count(x);		{ if (zswap_wb_mutant(7)) {} else { count(x); } }
#
# Prints a line for each mutant: NUMBER NAME FILE[,FILE...] TEST...
#
# Nothing goes by line numbers. A mutant whose original code is not there
# exactly once is an error, so that the list follows the code.
# With --list it only reads the list, and TREE and OUT are left out.

use strict;
use warnings;

my $list_only = @ARGV && $ARGV[0] eq '--list' && shift @ARGV;
die "usage: schemata.pl LIST TREE OUT | --list LIST\n"
	unless @ARGV == ($list_only ? 1 : 3);
my ($list, $tree, $out) = @ARGV;
my $errors = 0;

sub complain {
	my ($where, $what) = @_;

	print STDERR "$list:$where: $what\n";
	$errors++;
}

# ---- the list ----

my (@mutants, %names);

sub read_list {
	my ($mutant, $hunk, %at);

	open(my $in, '<', $list) or die "$list: $!\n";
	while (my $line = <$in>) {
		chomp $line;
		if ($line =~ /^[-+]/) {
			my ($side, $code) = ($line =~ /^(.)(.*)/);

			if (!$mutant) {
				complain($., 'code outside of a mutant');
				next;
			}
			# A line of original code after broken code begins another hunk
			if (!$hunk || ($side eq '-' && @{$hunk->{'+'}})) {
				$hunk = { %at, line => $., '-' => [], '+' => [] };
				push @{$mutant->{hunks}}, $hunk;
			}
			push @{$hunk->{$side}}, $code;
			next;
		}
		undef $hunk;
		next if $line =~ /^#/ || $line =~ /^\s*$/;
		my ($key, $value) = ($line =~ /^(\w+)\s+(.*?)\s*$/);
		if (!defined $key) {
			complain($., "not understood: $line");
		} elsif ($key eq 'mutant') {
			complain($., "another mutant named $value") if $names{$value}++;
			complain($., "a name has letters, digits and _ only")
				unless $value =~ /^\w+$/;
			$mutant = { name => $value, line => $., hunks => [] };
			push @mutants, $mutant;
			%at = ();
		} elsif (!$mutant) {
			complain($., "$key outside of a mutant");
		} elsif ($key eq 'file') {
			%at = (file => $value);
		} elsif ($key eq 'function') {
			$at{function} = $value;
		} elsif ($key eq 'kind') {
			complain($., "a kind is expression or statement")
				unless $value =~ /^(expression|statement)$/;
			$at{kind} = $value;
		} elsif ($key eq 'tests') {
			$mutant->{tests} = [split ' ', $value];
		} else {
			complain($., "unknown key $key");
		}
	}
	close($in);

	for my $mutant (@mutants) {
		complain($mutant->{line}, "$mutant->{name}: no tests")
			unless $mutant->{tests};
		complain($mutant->{line}, "$mutant->{name}: no code")
			unless @{$mutant->{hunks}};
		for my $hunk (@{$mutant->{hunks}}) {
			complain($hunk->{line}, "$mutant->{name}: no file or no kind")
				unless $hunk->{file} && $hunk->{kind};
			complain($hunk->{line}, "$mutant->{name}: - and + belong together")
				unless @{$hunk->{'-'}} && @{$hunk->{'+'}};
		}
	}
}

# ---- the code ----

sub slurp {
	my ($file) = @_;

	open(my $in, '<', $file) or die "$file: $!\n";
	local $/;
	my $text = <$in>;
	close($in);
	return $text;
}

# Where the definition of a function begins and ends: from its name at the
# beginning of a line, or behind its type, to a brace at the beginning of one.
sub find_function {
	my ($text, $name) = @_;
	my $found = qr/^(?:\w[^\n;=]*?[\s*])?\Q$name\E\([^;{]*?\)[^;{]*^\{.*?^\}/ms;

	return $text =~ $found ? ($-[0], $+[0]) : ();
}

# Finds the code of a hunk; complains unless it is there once.
sub find_hunk {
	my ($mutant, $hunk, $text) = @_;
	my $code = join("\n", @{$hunk->{'-'}});
	my ($from, $to) = (0, length($text));
	my $where = $hunk->{file};
	my @found;

	if ($hunk->{function}) {
		$where .= " $hunk->{function}()";
		($from, $to) = find_function($text, $hunk->{function});
		if (!defined $from) {
			complain($hunk->{line}, "$mutant->{name}: no $where");
			return;
		}
	}
	for (my $at = index($text, $code, $from);
	     $at >= 0 && $at + length($code) <= $to;
	     $at = index($text, $code, $at + 1)) {
		push @found, $at;
	}
	if (@found != 1) {
		complain($hunk->{line}, "$mutant->{name}: its original code is in $where " .
			 scalar(@found) . ' times, not once');
		return;
	}
	$hunk->{from} = $found[0];
	$hunk->{to} = $found[0] + length($code);
	return 1;
}

sub schema {
	my ($mutant, $hunk) = @_;
	my $original = join("\n", @{$hunk->{'-'}});
	my $broken = join("\n", @{$hunk->{'+'}});
	my $chosen = "zswap_wb_mutant($mutant->{number})";

	return "($chosen ? ($broken) : ($original))" if $hunk->{kind} eq 'expression';
	return "{ if ($chosen) {\n$broken\n} else {\n$original\n} }";
}

sub put {
	my ($file, $text) = @_;
	my $path = "$out/$file";

	(my $dir = $path) =~ s,/[^/]*$,,;
	system('mkdir', '-p', $dir) == 0 or exit 1;
	open(my $to, '>', $path) or die "$path: $!\n";
	print $to $text;
	close($to) or die "$path: $!\n";
}

sub break_file {
	my ($file, @hunks) = @_;
	my $text = slurp("$tree/$file");
	my ($behind, $neighbour);

	@hunks = grep { find_hunk($_->[0], $_->[1], $text) } @hunks;
	# From the end, so that what has been found stays where it is
	for (sort { $b->[1]{from} <=> $a->[1]{from} } @hunks) {
		my ($mutant, $hunk) = @$_;

		if (defined $behind && $hunk->{to} > $behind) {
			complain($hunk->{line}, "$mutant->{name}: overlaps with $neighbour");
			next;
		}
		($behind, $neighbour) = ($hunk->{from}, $mutant->{name});
		substr($text, $hunk->{from}, $hunk->{to} - $hunk->{from},
		       schema($mutant, $hunk));
	}
	put($file, "#include <linux/zswap_wb_mutant.h>\n$text");
}

read_list();
my %files;
for my $i (0 .. $#mutants) {
	my $mutant = $mutants[$i];

	$mutant->{number} = $i + 1;
	push @{$files{$_->{file}}}, [$mutant, $_] for grep { $_->{file} } @{$mutant->{hunks}};
}
if (!$errors && !$list_only) {
	(my $here = $0) =~ s,[^/]*$,,;

	break_file($_, @{$files{$_}}) for sort keys %files;
	put('include/linux/zswap_wb_mutant.h', slurp("${here}zswap_wb_mutant.h"));
	put('mm/zswap_wb/zswap_wb_mutant.c', slurp("${here}zswap_wb_mutant.c"));
	put('mm/zswap_wb/Makefile',
	    slurp("$tree/mm/zswap_wb/Makefile") . "\nobj-y += zswap_wb_mutant.o\n");
}
exit 1 if $errors;
for my $mutant (@mutants) {
	my %seen;

	print join(' ', $mutant->{number}, $mutant->{name},
		   join(',', grep { !$seen{$_}++ } map { $_->{file} } @{$mutant->{hunks}}),
		   @{$mutant->{tests}}), "\n";
}
