"""The report's texts through its corrections, and whether a commitment still stands in the present one."""

import django.contrib.postgres.constraints
import django.db.models.constraints
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kpi', '0007_directives'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReportEdition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='版次')),
                ('text', models.TextField(verbose_name='原文')),
                ('sha256', models.CharField(max_length=64, verbose_name='原文校验值')),
                ('anchors', models.JSONField(default=dict, verbose_name='锚定')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='更正依据')),
                ('created_at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '报告版次',
                'verbose_name_plural': '报告版次',
                'ordering': ('report', '-number'),
            },
        ),
        migrations.AddField(
            model_name='commitment',
            name='is_anchored',
            field=models.BooleanField(default=True, verbose_name='已锚定'),
        ),
        migrations.AddConstraint(
            model_name='commitment',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('is_anchored', True)), deferrable=django.db.models.constraints.Deferrable['DEFERRED'], expressions=[('report', '='), (models.Func(models.F('start'), models.F('end'), function='int4range', output_field=models.IntegerField()), '&&')], name='commitment_spans_apart'),
        ),
        migrations.AddField(
            model_name='reportedition',
            name='created_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='经办人'),
        ),
        migrations.AddField(
            model_name='reportedition',
            name='report',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='kpi.report', verbose_name='报告'),
        ),
        migrations.AddConstraint(
            model_name='reportedition',
            constraint=models.UniqueConstraint(fields=('report', 'number'), name='report_edition_number_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reportedition',
            trigger=pgtrigger.compiler.Trigger(name='report_edition_is_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='af34e7f011d5ac909eafc90b2ecae312376a6048', operation='UPDATE OR DELETE', pgid='pgtrigger_report_edition_is_kept_e1813', table='kpi_reportedition', when='BEFORE')),
        ),
    ]
